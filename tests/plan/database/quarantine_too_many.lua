-- more than was thought
plan "quarantine_too_many" {
  title = "Orders of a user who is gone",
  phase "keep" {
    quarantine { table = "app.orders", where = "user_id = 1", reason = "gone", at_most = 1 },
  },
}
