-- a view and a generated column use it
plan "drop_column_used" {
  title = "Totals are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.orders", column = "total", loses = "nobody reads it" },
  },
}
