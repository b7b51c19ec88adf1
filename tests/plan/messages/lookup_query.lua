plan "lookup_query" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = { user_id = lookup { table = "app.users", match = { email = "(SELECT email FROM app.carts c WHERE c.id = cart)" },
                                 value = "id", missing = "null" } },
    },
  },
}
