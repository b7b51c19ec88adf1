-- a view shows it
plan "drop_table_viewed" {
  title = "Orders are not needed",
  phase "contract" {
    drop_table_if_exists { table = "app.orders", loses = "nobody reads it" },
  },
}
