-- hash can not be unique
plan "create_index_hash_unique" {
  title = "One mail, one user",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email", using = "hash", unique = true },
  },
}
