-- one value out of another that is set too
plan "backfill_order" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { cents = "total * 100", rounded = "cents / 100" } },
  },
}
