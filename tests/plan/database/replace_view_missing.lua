-- a view that nobody made
plan "replace_view_missing" {
  title = "Open orders",
  phase "change" {
    replace_view { view = "app.orders_open", query = "SELECT id FROM app.orders" },
  },
}
