-- the table has a plural
plan "rename_column_no_table" {
  title = "Mails",
  phase "switch" {
    rename_column { table = "app.user", column = "email", to = "mail" },
  },
}
