plan "parallel_table_query" {
  title = "Orders in cents",
  phase "expand" {
    parallel_table {
      live = "app.orders", shadow = "app.orders_v2", like = true,
      copy = { total = "total * (SELECT rate FROM app.rates)" },
    },
  },
}
