-- a view has no rows of its own
plan "drop_not_null_of_view" {
  title = "Totals may be missing",
  phase "change" {
    drop_not_null { table = "app.open_orders", column = "total" },
  },
}
