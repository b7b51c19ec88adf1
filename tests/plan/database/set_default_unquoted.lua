-- a text without its quotes
plan "set_default_unquoted" {
  title = "Nicknames",
  phase "change" {
    set_default { table = "app.users", column = "nick", default = "nobody" },
  },
}
