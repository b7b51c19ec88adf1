-- nothing makes names unique
plan "add_foreign_key_not_unique" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "nick", references = "app.orgs(name)" },
  },
}
