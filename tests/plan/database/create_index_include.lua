-- a column to carry along that is not there
plan "create_index_include" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = "email",
      include = "name",
    },
  },
}
