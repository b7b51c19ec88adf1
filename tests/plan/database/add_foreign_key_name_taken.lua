-- the name belongs to a check
plan "add_foreign_key_name_taken" {
  title = "Users have an organisation",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", references = "app.orgs", name = "users_age_check" },
  },
}
