-- a value that is too long
plan "backfill_long" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nick = "repeat(email, 3)" } },
  },
}
