-- the total is called otherwise
plan "replace_view_column_name" {
  title = "Open orders",
  phase "change" {
    replace_view { view = "app.open_orders", query = "SELECT id, user_id, total AS sum FROM app.orders WHERE state = 'open'" },
  },
}
