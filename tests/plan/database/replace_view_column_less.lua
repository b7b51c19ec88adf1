-- the total is gone
plan "replace_view_column_less" {
  title = "Open orders",
  phase "change" {
    replace_view { view = "app.open_orders", query = "SELECT id, user_id FROM app.orders WHERE state = 'open'" },
  },
}
