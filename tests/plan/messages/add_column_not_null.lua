plan "add_column_not_null" {
  title = "More than a type",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      column = "nick",
      type   = "text NOT NULL DEFAULT ''",
    },
  },
}
