-- the total has another type
plan "replace_view_column_type" {
  title = "Open orders",
  phase "change" {
    replace_view { view = "app.open_orders", query = "SELECT id, user_id, total::bigint AS total FROM app.orders WHERE state = 'open'" },
  },
}
