-- a letter is missing inside an expression
plan "create_index_expression" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = "org_id, lower(emal)",
    },
  },
}
