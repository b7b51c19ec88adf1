-- a text can not refer to a number
plan "add_foreign_key_types" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key {
      table      = "app.users",
      column     = "email",
      references = "app.orgs",
    },
  },
}
