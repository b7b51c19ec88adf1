-- two columns for a key of one
plan "add_foreign_key_two_to_one" {
  title = "Events",
  phase "expand" {
    add_foreign_key { table = "app.users", columns = { "org_id", "nick" }, references = "app.orgs" },
  },
}
