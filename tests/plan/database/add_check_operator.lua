-- text and number can not be compared
plan "add_check_operator" {
  title = "Nicknames are long enough",
  phase "expand" {
    add_check {
      table = "app.users",
      name  = "nick_is_long",
      check = "nick > 3",
    },
  },
}
