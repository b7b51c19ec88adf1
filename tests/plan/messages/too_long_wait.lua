plan "waits" {
  title = "A lock wait that would stop the application",
  lock_timeout = "5 minutes",
  phase "expand" { add_column_if_missing { table = "app.users", column = "a", type = "text" } },
}
