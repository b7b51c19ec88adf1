-- a letter is missing
plan "add_check_no_column" {
  title = "Orders cost something",
  phase "expand" {
    add_check {
      table = "app.orders",
      check = "totl > 0",
    },
  },
}
