-- it is a view
plan "drop_table_is_view" {
  title = "Open orders are not needed",
  phase "contract" {
    drop_table_if_exists { table = "app.open_orders", loses = "nobody reads it" },
  },
}
