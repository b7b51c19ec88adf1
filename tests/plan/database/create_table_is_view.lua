-- the name belongs to a view
plan "create_table_is_view" {
  title = "Open orders",
  phase "expand" {
    create_table_if_missing { table = "app.open_orders", columns = "id bigint PRIMARY KEY" },
  },
}
