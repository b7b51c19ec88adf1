-- Somebody filled the new table by a script of his own.
plan "orders_v2" {
  title = "Orders in cents",
  phase "switch" { rename_swap { live = "app.orders", shadow = "app.orders_v2", retire_as = "app.orders_retired" } },
}
