plan "lookup_no_missing" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = { user_id = lookup { table = "app.users", match = { email = "email" }, value = "id" } },
    },
  },
}
