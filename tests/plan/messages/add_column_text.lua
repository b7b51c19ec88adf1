plan "add_column_text" {
  title = "A step takes a table of options",
  phase "expand" {
    add_column_if_missing "app.users",
  },
}
