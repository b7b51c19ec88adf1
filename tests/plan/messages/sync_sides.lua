-- the same column on both sides
plan "sync_sides" {
  title = "Fills",
  phase "expand" {
    sync_columns { table = "app.orders", forward = { cents = "total * 100" }, back = { cents = "total" } },
  },
}
