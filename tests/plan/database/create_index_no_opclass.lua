-- gin does not know text
plan "create_index_no_opclass" {
  title = "Users are found by parts of their mail",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email", using = "gin" },
  },
}
