plan "mixed" {
  title = "Adding and dropping in one phase",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "nick", type = "text" },
    drop_column_if_exists { table = "app.users", column = "old_nick", loses = "nobody reads it" },
  },
}
