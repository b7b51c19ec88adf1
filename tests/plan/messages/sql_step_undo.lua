plan "sql_step_undo" {
  title = "How it is taken back",
  phase "expand" {
    sql_step { sql = "ALTER TABLE app.users SET (fillfactor = 90)", reason = "room for HOT updates" },
    sql_step { sql = "ALTER TABLE app.users SET (fillfactor = 90)", undo = true, reason = "room for HOT updates" },
    sql_step { sql = "", undo = false, reason = "nothing" },
  },
}
