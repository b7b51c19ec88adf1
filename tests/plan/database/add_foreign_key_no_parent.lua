-- a letter is missing
plan "add_foreign_key_no_parent" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", references = "app.org(id)" },
  },
}
