-- nothing makes the quarantine
plan "quarantine_no_store" {
  title = "Orders without a total",
  phase "keep" {
    quarantine { table = "app.orders", into = "app.orders_kept", where = "total = 0", reason = "no total" },
  },
}
