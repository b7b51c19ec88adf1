-- a view
plan "backfill_view" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.open_orders", set = { total = "1" } },
  },
}
