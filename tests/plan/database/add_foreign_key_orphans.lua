-- a user of an organisation that is gone
plan "add_foreign_key_orphans" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key {
      table      = "app.users",
      column     = "org_id",
      references = "app.orgs",
    },
  },
}
