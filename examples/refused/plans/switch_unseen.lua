-- A copy takes the place of a table in use, and nobody has looked whether it is the same.
plan "switch_unseen" {
  title = "Orders in cents",
  phase "expand" {
    parallel_table { live = "app.orders", shadow = "app.orders_v2", like = true, changes = { type = { total = "bigint" } },
                     copy = { total = "round(total * 100)::bigint" }, copy_back = { total = "total / 100.0" } },
  },
  phase "backfill" { backfill { shadow = "app.orders_v2" } },
  phase "switch" {
    rename_swap { live = "app.orders", shadow = "app.orders_v2", retire_as = "app.orders_old", sync_back = true },
  },
  safety_period "30 days" { unused = "app.orders_old" },
}
