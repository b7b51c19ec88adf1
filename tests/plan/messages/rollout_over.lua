plan "rollout_over" {
  title = "More than all",
  rollout "by customer" { table = "app.customers", column = "email", percent = { 1, 10, 1000 } },
}
