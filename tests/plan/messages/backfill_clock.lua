-- nothing tells when a row is done
plan "backfill_clock" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { seen_at = "now()" }, where = "status = 'open'" },
  },
}
