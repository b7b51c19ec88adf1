-- a partitioned table
plan "parallel_table_partitioned" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.events", shadow = "app.events_v2", like = true },
  },
}
