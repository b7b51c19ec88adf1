plan "lookup_sync" {
  title = "Two releases",
  phase "sync" {
    sync_columns {
      table = "app.orders",
      forward = { user_id = lookup { table = "app.users", match = { email = "email" }, value = "id", missing = "null" } },
      back = { email = "user_id::text" },
    },
  },
}
