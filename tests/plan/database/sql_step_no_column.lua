-- a letter is missing
plan "sql_step_no_column" {
  title = "Nicknames in lower case",
  phase "backfill" {
    sql_step { sql = "UPDATE app.users SET nic = lower(nick)", undo = false, reason = "one way to write them" },
  },
}
