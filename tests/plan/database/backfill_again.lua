-- a value that changes each time
plan "backfill_again" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { age = "age + 1" }, where = "age > 18" },
  },
}
