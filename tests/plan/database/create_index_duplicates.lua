-- two users have one mail
plan "create_index_duplicates" {
  title = "One mail, one user",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email", unique = true },
  },
}
