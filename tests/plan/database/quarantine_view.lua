-- a view holds no rows
plan "quarantine_view" {
  title = "Open orders",
  phase "keep" {
    quarantine_table { like = "app.open_orders", into = "app.kept" },
    quarantine { table = "app.open_orders", where = "true", reason = "open" },
  },
}
