-- the column is there, and shorter
plan "add_column_other_type" {
  title = "Nicknames",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      column = "nick",
      type   = "text",
    },
  },
}
