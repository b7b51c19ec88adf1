plan "rename_to_itself" {
  title = "The mail is an email",
  phase "change" {
    rename_column { table = "app.users", column = "mail", to = "Mail" },
  },
}
