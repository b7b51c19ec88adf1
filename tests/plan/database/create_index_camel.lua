-- capitals count only inside double quotes
plan "create_index_camel" {
  title = "Users are listed by age",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "createdAt DESC" },
  },
}
