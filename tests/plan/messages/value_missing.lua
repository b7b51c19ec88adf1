local types = { id = "bigint" }
plan "value_missing" {
  title = "A field that the table has not",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      column = "nick",
      type   = types.text,
    },
  },
}
