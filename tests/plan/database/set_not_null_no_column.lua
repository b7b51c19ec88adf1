-- a letter is too much
plan "set_not_null_no_column" {
  title = "Everybody has a nickname",
  phase "expand" {
    set_not_null { table = "app.users", column = "nickname" },
  },
}
