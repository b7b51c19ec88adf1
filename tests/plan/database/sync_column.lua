-- a column that is not there
plan "sync_column" {
  title = "Fills",
  phase "expand" {
    sync_columns { table = "app.users", forward = { nick = "email" }, back = { mail = "nick" } },
  },
}
