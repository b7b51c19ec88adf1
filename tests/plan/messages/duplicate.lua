plan "duplicate" {
  title = "Two phases of one name",
  phase "expand" { add_column_if_missing { table = "app.users", column = "a", type = "text" } },
  phase "expand" { add_column_if_missing { table = "app.users", column = "b", type = "text" } },
}
