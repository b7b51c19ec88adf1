-- nothing says how one type becomes the other
plan "parallel_table_type" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.orders", shadow = "app.orders_v2", like = true, changes = { type = { total = "bigint" }, drop = { "doubled" } } },
  },
}
