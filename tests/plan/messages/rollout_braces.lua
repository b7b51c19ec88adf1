plan "rollout_braces" {
  title = "No stops at all",
  rollout "by customer",
}
