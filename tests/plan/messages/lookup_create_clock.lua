plan "lookup_create_clock" {
  title = "Orders know their users",
  phase "fill" {
    backfill {
      table = "app.orders",
      set = { user_id = lookup { table = "app.users", match = { email = "email" }, value = "id", missing = "create",
                                 create = { token = "gen_random_uuid()" } } },
    },
  },
}
