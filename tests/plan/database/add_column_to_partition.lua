-- a partition has the columns of its parent
plan "add_column_to_partition" {
  title = "Events have a place",
  phase "expand" {
    add_column_if_missing { table = "app.events_2025", column = "place", type = "text" },
  },
}
