-- What shall the old table be called?
plan "orders_v2" {
  title = "Orders in cents",
  phase "switch" { rename_swap { live = "app.orders", shadow = "app.orders_v2" } },
}
