plan "rollout_key" {
  title = "Nobody knows of whom",
  rollout "by customer" { table = "app.customers", key = "email", percent = { 10, 100 } },
}
