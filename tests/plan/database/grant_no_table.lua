-- the table has a plural
plan "grant_no_table" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "select", on = "app.order", to = "pg_monitor" },
  },
}
