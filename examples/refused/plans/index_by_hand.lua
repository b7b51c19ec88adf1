-- When an index is built by hand and that fails, an invalid one is left, which every write keeps up for nothing.
plan "index_by_hand" {
  title = "Users are found by e-mail",
  phase "expand" {
    sql_step { sql = "CREATE INDEX CONCURRENTLY users_email_idx ON app.users (email)", undo = false },
  },
}
