plan "parallel_table_changes" {
  title = "Orders in cents",
  phase "expand" {
    parallel_table {
      live = "app.orders", shadow = "app.orders_v2", like = true,
      changes = { types = { total = "bigint" } },
    },
  },
}
