-- a generated column
plan "backfill_generated" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { doubled = "total" } },
  },
}
