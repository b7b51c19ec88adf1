-- a partition has its columns from its parent
plan "change_type_partition" {
  title = "What becomes shorter",
  phase "change" {
    change_type { table = "app.events_2025", column = "what", type = "varchar" },
  },
}
