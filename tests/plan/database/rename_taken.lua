-- the new name belongs to somebody else
plan "rename_taken" {
  title = "Users are organisations",
  phase "switch" {
    rename_table { table = "app.users", to = "orgs", keep_view = true },
  },
}
