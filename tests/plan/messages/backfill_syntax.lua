-- SQL that ends too early
plan "backfill_syntax" {
  title = "Fills",
  phase "backfill" {
    backfill {
      table = "app.orders",
      set = {
        cents = "round(total * 100",
      },
    },
  },
}
