-- two users would have one number
plan "sql_step_key" {
  title = "Numbers",
  phase "backfill" {
    sql_step { sql = "INSERT INTO app.orgs VALUES (2, 'two')", undo = false, reason = "it was forgotten" },
  },
}
