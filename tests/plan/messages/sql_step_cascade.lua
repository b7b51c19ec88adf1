plan "sql_step_cascade" {
  title = "Whatever depends on it by then",
  phase "contract" {
    sql_step { sql = "DROP VIEW app.users_now CASCADE", undo = false, reason = "old", loses = "release 6 has views of its own" },
  },
}
