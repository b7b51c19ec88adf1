-- it decides about the partition
plan "drop_column_partition_key" {
  title = "Days are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.events", column = "day", loses = "nobody reads it" },
  },
}
