plan "sql_step_class" {
  title = "A table goes where only things are added",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" },
    sql_step {
      sql    = "DROP TABLE app.logins_old",
      undo   = false,
      reason = "nobody logs in there any more",
    },
  },
}
