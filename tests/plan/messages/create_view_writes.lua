plan "create_view_writes" {
  title = "A view that does more than show",
  phase "view" {
    create_view { view = "app.gone", query = "DELETE FROM app.orders RETURNING id" },
    create_view { view = "app.two", query = "SELECT 1; SELECT 2" },
    create_view { view = "app.open_orders", query = "SELECT id FROM app.orders", check_option = true },
  },
}
