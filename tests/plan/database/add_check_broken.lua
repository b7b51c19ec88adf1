-- two orders are cheaper than that
plan "add_check_broken" {
  title = "Orders cost something",
  phase "expand" {
    add_check {
      table = "app.orders",
      name  = "orders_worth_it",
      check = "total > 25",
    },
  },
}
