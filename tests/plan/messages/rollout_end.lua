plan "rollout_end" {
  title = "Half of the customers for ever",
  rollout "by customer" {
    table = "app.customers",
    column = "email",
    percent = { 0.5, 10, 50 },
  },
}
