-- A pair with a misspelt word.
plan "orders_v2" {
  title = "Orders in cents",
  phase "switch" {
    rename_swap { pairs = {
      { live = "app.orders", shadow = "app.orders_v2", retire_as = "app.orders_retired" },
      { live = "app.items", shadow = "app.items_v2", retired = "app.items_retired" },
    } },
  },
}
