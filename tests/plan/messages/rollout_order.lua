plan "rollout_order" {
  title = "A stop too early",
  rollout "by customer" {
    table = "app.customers", column = "email",
    percent = { 1, 50, 10, 100 },
  },
}
