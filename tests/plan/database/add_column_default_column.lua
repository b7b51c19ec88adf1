-- a default can not look at another column
plan "add_column_default_column" {
  title = "A name to show",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "shown_as", type = "text", default = "nick" },
  },
}
