-- the words of an UPDATE
plan "backfill_text" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = "cents = total * 100" },
  },
}
