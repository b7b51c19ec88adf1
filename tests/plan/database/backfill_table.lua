-- a table in another schema
plan "backfill_table" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "users", set = { nick = "email" } },
  },
}
