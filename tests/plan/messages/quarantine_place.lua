plan "quarantine_place" {
  title = "Where the rows go",
  phase "keep" {
    quarantine_table { like = "app.orders", into = "app.orders" },
    quarantine_table { like = "app.orders", into = "interlock.orders" },
    quarantine { table = "app.orders", into = "app.orders", where = "total < 0", reason = "negative" },
    quarantine { table = "app.orders", into = "interlock.orders_kept", where = "total < 0", reason = "negative" },
    quarantine { table = "interlock.quarantine_1_1", where = "true", reason = "back again" },
  },
}
