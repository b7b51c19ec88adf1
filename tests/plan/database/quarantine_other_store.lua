-- a table of the application
plan "quarantine_other_store" {
  title = "Orders without a total",
  phase "keep" {
    quarantine { table = "app.orders", into = "app.events", where = "total = 0", reason = "no total" },
    quarantine { table = "app.orders", into = "app.orgs", where = "total = 0", reason = "no total" },
  },
}
