plan "quarantine_options" {
  title = "Orders nobody paid",
  phase "keep" {
    quarantine_table { like = "app.orders" },
    quarantine_table { table = "app.orders", into = "app.orders_kept" },
    quarantine { table = "app.orders", where = "total < 0" },
    quarantine { table = "app.orders", where = "total < 0;", reason = "negative", at_most = "100" },
    quarantine { table = "app.orders", where = "DELETE FROM app.orders", reason = "all", triggers = "off" },
    quarantine { from = "app.orders", where = "true", reason = "all" },
  },
}
