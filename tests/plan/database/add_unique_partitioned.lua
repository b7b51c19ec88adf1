-- days are in other partitions
plan "add_unique_partitioned" {
  title = "Events have one number",
  phase "expand" {
    add_unique { table = "app.events", columns = "what" },
  },
}
