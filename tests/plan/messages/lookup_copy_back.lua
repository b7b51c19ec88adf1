plan "lookup_copy_back" {
  title = "Orders in another shape",
  phase "shadow" {
    parallel_table {
      live = "app.orders", shadow = "app.orders_v2", like = true,
      changes = { drop = { "email" }, add = { user_id = "bigint" } },
      copy = { user_id = lookup { table = "app.users", match = { email = "email" }, value = "id", missing = "error" } },
      copy_back = { email = lookup { table = "app.users", match = { id = "user_id" }, value = "email", missing = "null" } },
    },
  },
}
