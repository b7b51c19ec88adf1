-- a value of another type
plan "backfill_type" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { total = "state" }, where = "total = 0" },
  },
}
