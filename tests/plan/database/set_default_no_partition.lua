-- last year has no partition
plan "set_default_no_partition" {
  title = "Events have words",
  phase "expand" {
    set_default { table = "app.events_2024", column = "what", default = "'none'" },
  },
}
