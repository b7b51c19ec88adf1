-- a letter is missing
plan "add_foreign_key_no_column" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key {
      table      = "app.users",
      column     = "orgid",
      references = "app.orgs",
    },
  },
}
