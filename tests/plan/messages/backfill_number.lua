-- a value that is no SQL
plan "backfill_number" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { cents = 0 } },
  },
}
