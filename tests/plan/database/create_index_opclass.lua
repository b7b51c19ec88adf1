-- text can not be found by its trigrams
plan "create_index_opclass" {
  title = "Users are found by parts of their mail",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email gin_trgm_ops", using = "gin" },
  },
}
