-- a view has no keys
plan "add_foreign_key_to_view" {
  title = "Orders",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", references = "app.open_orders(id)" },
  },
}
