-- it holds rows of its parent
plan "drop_table_partition" {
  title = "2025 is over",
  phase "contract" {
    drop_table_if_exists { table = "app.events_2025", loses = "nobody reads it" },
  },
}
