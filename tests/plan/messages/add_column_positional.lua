plan "add_column_positional" {
  title = "Options have names",
  phase "expand" {
    add_column_if_missing { "app.users", "nick", "text" },
  },
}
