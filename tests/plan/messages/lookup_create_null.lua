plan "lookup_create_null" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = { user_id = lookup { table = "app.users", match = { email = "email" }, value = "id", missing = "null",
                                 create = { name = "email" } } },
    },
  },
}
