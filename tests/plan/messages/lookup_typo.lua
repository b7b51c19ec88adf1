plan "lookup_typo" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = { user_id = lookup { table = "app.users", on = { email = "email" }, match = { email = "email" }, value = "id",
                                 missing = "null" } },
    },
  },
}
