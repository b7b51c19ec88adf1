plan "lookup_beside" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = {
        state = "lower(status)",
        user_id = lookup { table = "app.users", match = { email = "email" }, value = "id", missing = "null" },
      },
    },
  },
}
