-- a table has that name
plan "create_index_name_taken" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email", name = "orgs" },
  },
}
