-- a letter is missing
plan "grant_no_column" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "select", on = "app.users", columns = { "id", "emial" }, to = "pg_monitor" },
  },
}
