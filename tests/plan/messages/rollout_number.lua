plan "rollout_number" {
  title = "Ten percent, and then",
  rollout "by customer" { table = "app.customers", column = "email", percent = 10 },
}
