plan "rollout_zero" {
  title = "Beginning with nobody",
  rollout "by customer" { table = "app.customers", column = "email", percent = { 0, 10, 100 } },
}
