plan "rename_column_from" {
  title = "From which name to which",
  phase "switch" {
    rename_column { table = "app.users", from = "mail", to = "email" },
    rename_column { table = "app.users", column = "mail", to = "app.email" },
  },
}
