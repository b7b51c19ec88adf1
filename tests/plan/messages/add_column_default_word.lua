plan "add_column_default_word" {
  title = "A text without its quotes",
  phase "expand" {
    add_column_if_missing {
      table   = "app.users",
      column  = "state",
      type    = "text",
      default = "new",
    },
  },
}
