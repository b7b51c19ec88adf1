plan "backfill_no_set" {
  title = "Orders in cents",
  phase "fill" {
    backfill { table = "app.orders" },
  },
}
