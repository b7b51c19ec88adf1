-- a right that tables have, on a type
plan "grant_type" {
  title = "What the reports may use",
  phase "grant" {
    grant { privileges = "usage", on = "type app.stat", to = "pg_monitor" },
  },
}
