plan "rollout_fine" {
  title = "Seven customers first",
  rollout "by customer" { table = "app.customers", column = "email", percent = { 0.007, 100 } },
}
