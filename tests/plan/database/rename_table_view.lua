-- it is a view
plan "rename_table_view" {
  title = "Open orders",
  phase "switch" {
    rename_table { table = "app.open_orders", to = "orders_open" },
  },
}
