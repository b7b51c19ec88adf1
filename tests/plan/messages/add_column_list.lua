plan "add_column_list" {
  title = "Two columns at once",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "first_name, last_name", type = "text" },
    add_column_if_missing { table = "app.users", column = "nick text" },
  },
}
