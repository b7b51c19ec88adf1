plan "rollout_words" {
  title = "Stops with a sign",
  rollout "by customer" { table = "app.customers", column = "email", percent = { "1 %", "100 %" } },
}
