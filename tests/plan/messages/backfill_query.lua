-- a value that is looked up
plan "backfill_query" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { owner = [[
      (SELECT name FROM app.users u
        WHERE u.id = user_id) ]] } },
  },
}
