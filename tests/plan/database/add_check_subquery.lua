-- a check looks at one row of one table
plan "add_check_subquery" {
  title = "Users have an organisation",
  phase "expand" {
    add_check {
      table = "app.users",
      name  = "org_is_there",
      check = "org_id IN (SELECT id FROM app.orgs)",
    },
  },
}
