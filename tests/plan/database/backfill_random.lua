-- another value each time
plan "backfill_random" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nick = "md5(random()::text)" } },
  },
}
