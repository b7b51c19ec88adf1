-- a view has the columns of its query
plan "drop_column_of_view" {
  title = "Totals are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.open_orders", column = "total", loses = "nobody reads it" },
  },
}
