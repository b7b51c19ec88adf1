-- two columns are called id
plan "create_view_twice" {
  title = "Orders with their users",
  phase "expand" {
    create_view { view = "app.orders_users", query = "SELECT o.id, u.id FROM app.orders o JOIN app.users u ON u.id = o.user_id" },
  },
}
