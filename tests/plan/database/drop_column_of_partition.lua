-- a partition has its columns from its parent
plan "drop_column_of_partition" {
  title = "What is not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.events_2025", column = "what", loses = "nobody reads it" },
  },
}
