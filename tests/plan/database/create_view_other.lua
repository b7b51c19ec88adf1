-- it is there with another query
plan "create_view_other" {
  title = "Open orders",
  phase "expand" {
    create_view { view = "app.open_orders", query = "SELECT id, user_id, total FROM app.orders WHERE state <> 'paid'" },
  },
}
