plan "add_foreign_key_twice" {
  title = "The referring column is said twice, or not at all",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", columns = { "org_id" }, references = "app.orgs" },
    add_foreign_key { table = "app.users", references = "app.orgs(id)" },
    add_foreign_key { table = "app.users", column = "org_id", references = "app.orgs", on_delete = "set_null" },
  },
}
