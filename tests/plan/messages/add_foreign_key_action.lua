plan "add_foreign_key_action" {
  title = "The action is an option of its own",
  phase "expand" {
    add_foreign_key {
      table      = "app.users",
      column     = "org_id",
      references = "app.orgs (id) ON DELETE CASCADE",
    },
  },
}
