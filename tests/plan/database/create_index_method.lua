-- a method that is not there
plan "create_index_method" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = "email",
      using   = "btrie",
    },
  },
}
