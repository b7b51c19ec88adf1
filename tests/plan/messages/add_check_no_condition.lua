plan "add_check_no_condition" {
  title = "A check without its condition",
  phase "expand" {
    add_check { table = "app.orders", name = "total_is_positive" },
  },
}
