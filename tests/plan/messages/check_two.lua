plan "check_two" {
  title = "Two conditions where one is expected",
  phase "expand" {
    add_check { table = "app.orders", check = "total > 0, status <> ''" },
  },
}
