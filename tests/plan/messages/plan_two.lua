plan "first" {
  title = "One",
  phase "expand" { add_column_if_missing { table = "app.users", column = "a", type = "text" } },
}
plan "second" {
  title = "Another",
  phase "expand" { add_column_if_missing { table = "app.users", column = "b", type = "text" } },
}
