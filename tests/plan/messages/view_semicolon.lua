plan "open_orders" {
  title = "The query as it was tried in psql",
  phase "view" {
    create_view { view = "app.open_orders", query = [[
      SELECT id, total
        FROM app.orders
       WHERE status = 'open';
    ]] },
  },
}
