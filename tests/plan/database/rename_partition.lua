-- a partition has its columns from its parent
plan "rename_partition" {
  title = "What becomes kind",
  phase "switch" {
    rename_column { table = "app.events_2025", column = "what", to = "kind" },
  },
}
