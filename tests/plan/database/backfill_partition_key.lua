-- the column that tells the partition
plan "backfill_partition_key" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.events", set = { day = "'2025-01-01'" } },
  },
}
