-- Nothing stands behind the switch, so that there is no time to go back.
plan "orders_v2" {
  title = "Orders in cents",
  phase "expand" { parallel_table { live = "app.orders", shadow = "app.orders_v2", like = true } },
  phase "backfill" { backfill { shadow = "app.orders_v2" } },
  phase "verify" { expect_same_rows { live = "app.orders", shadow = "app.orders_v2" } },
  phase "switch" { rename_swap { live = "app.orders", shadow = "app.orders_v2", retire_as = "app.orders_retired", sync_back = true } },
}
