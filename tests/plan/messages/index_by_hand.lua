plan "by_hand" {
  title = "There is a primitive for this",
  phase "expand" {
    sql_step { sql = "CREATE INDEX CONCURRENTLY i ON app.users (nick)", undo = "DROP INDEX app.i", reason = "speed" },
  },
}
