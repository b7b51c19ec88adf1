-- a letter is missing
plan "create_index_no_column" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "emal" },
  },
}
