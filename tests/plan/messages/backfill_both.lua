plan "backfill_both" {
  title = "Orders in cents",
  phase "fill" {
    backfill { shadow = "app.orders_v2", set = { total = "1" } },
  },
}
