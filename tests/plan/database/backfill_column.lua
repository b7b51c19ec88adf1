-- a column that is not there
plan "backfill_column" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nickname = "email" } },
  },
}
