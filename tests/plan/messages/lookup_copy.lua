plan "lookup_copy" {
  title = "Orders in another shape",
  phase "shadow" {
    parallel_table {
      live = "app.orders", shadow = "app.orders_v2", like = true,
      changes = { add = { user_id = "bigint" } },
      copy = { user_id = lookup { table = "app.orders", match = { email = "parent_email" }, value = "id", missing = "create" } },
    },
  },
}
