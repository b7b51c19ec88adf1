-- a parameter that nobody gives
plan "sql_step_parameter" {
  title = "Orders are closed",
  phase "expand" {
    sql_step { sql = "ALTER TABLE app.orders SET (fillfactor = 200)", undo = false, reason = "room for HOT updates" },
  },
}
