plan "reporting_rights" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "select", on = "all tables in schema app", to = "reporting" },
    grant { privileges = "select", on = "app.orders", to = "reporting, team-checkout" },
  },
}
