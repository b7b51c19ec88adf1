-- a partition has its columns from its parent
plan "set_not_null_of_partition" {
  title = "Events have words",
  phase "expand" {
    set_default { table = "app.events_2024", column = "what", default = "'none'" },
  },
}
