-- a view has no rows of its own
plan "add_check_on_view" {
  title = "Orders cost something",
  phase "expand" {
    add_check { table = "app.open_orders", check = "total > 0" },
  },
}
