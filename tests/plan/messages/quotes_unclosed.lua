plan "quotes_unclosed" {
  title = "A text without its end,
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
