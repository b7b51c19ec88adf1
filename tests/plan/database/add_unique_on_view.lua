-- a view has no rows of its own
plan "add_unique_on_view" {
  title = "Orders",
  phase "expand" {
    add_unique { table = "app.open_orders", columns = "id" },
  },
}
