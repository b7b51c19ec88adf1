-- the new name is there
plan "rename_column_taken" {
  title = "Nicknames are mails",
  phase "switch" {
    rename_column { table = "app.users", column = "nick", to = "email" },
  },
}
