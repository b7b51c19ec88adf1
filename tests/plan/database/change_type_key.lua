-- the day decides about the partition
plan "change_type_key" {
  title = "Events have a time",
  phase "change" {
    change_type { table = "app.events", column = "day", type = "timestamp" },
  },
}
