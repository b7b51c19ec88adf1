plan "replace_view_table" {
  title = "A view has a query",
  phase "change" {
    replace_view { view = "app.open_orders" },
    replace_view { table = "app.open_orders", query = "SELECT id FROM app.orders" },
  },
}
