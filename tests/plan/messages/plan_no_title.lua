plan "plan_no_title" {
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
