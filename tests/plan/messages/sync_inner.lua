-- new columns out of new ones
plan "sync_inner" {
  title = "Fills",
  phase "expand" {
    sync_columns { table = "app.orders", forward = { cents = "total * 100", euros = "cents / 100" }, back = { total = "euros" } },
  },
}
