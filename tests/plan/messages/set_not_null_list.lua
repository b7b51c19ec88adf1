plan "set_not_null_list" {
  title = "One column at a time",
  phase "expand" {
    set_not_null { table = "app.users", column = "nick, email" },
    set_not_null { column = "nick" },
  },
}
