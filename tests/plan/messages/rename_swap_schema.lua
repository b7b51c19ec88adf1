-- retire_as without its schema means public.
plan "orders_v2" {
  title = "Orders in cents",
  phase "switch" { rename_swap { live = "app.orders", shadow = "app.orders_v2", retire_as = "orders_retired" } },
}
