-- a view has no rows of its own
plan "set_not_null_on_view" {
  title = "Totals are there",
  phase "expand" {
    set_not_null { table = "app.open_orders", column = "total" },
  },
}
