plan "parallel_table_no_shape" {
  title = "Orders in cents",
  phase "expand" {
    parallel_table { live = "app.orders", shadow = "app.orders_v2" },
  },
}
