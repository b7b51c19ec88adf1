plan "add_column_default_number" {
  title = "A default is SQL, in a text",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "points", type = "integer", default = 0 },
    add_column_if_missing { table = "app.users", column = "active", type = "boolean", default = true },
  },
}
