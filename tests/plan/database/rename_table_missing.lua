-- the table has a plural
plan "rename_table_missing" {
  title = "People",
  phase "switch" {
    rename_table { table = "app.user", to = "people" },
  },
}
