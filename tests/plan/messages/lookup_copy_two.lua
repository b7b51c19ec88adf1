plan "lookup_copy_two" {
  title = "Orders in another shape",
  phase "shadow" {
    parallel_table {
      live = "app.orders", shadow = "app.orders_v2", like = true,
      changes = { add = { user_id = "bigint", region_id = "bigint" } },
      copy = {
        user_id = lookup { table = "app.users", match = { email = "lower(email)" }, value = "id", missing = "create" },
        region_id = lookup { table = "app.regions", match = { code = "region" }, value = "id", missing = "error" },
      },
    },
  },
}
