-- a view has no rows of its own
plan "create_index_on_view" {
  title = "Open orders are found",
  phase "expand" {
    create_index_if_missing { table = "app.open_orders", columns = "user_id" },
  },
}
