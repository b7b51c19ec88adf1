plan "rename_to_schema" {
  title = "Users become people",
  phase "change" {
    rename_table { table = "app.users", to = "app.people", keep_view = true },
  },
}
