-- a role that nobody made
plan "grant_no_role" {
  title = "What the reports may read",
  phase "grant" {
    grant {
      privileges = "select",
      on         = "app.orders",
      to         = { "pg_monitor", "reporting" },
    },
  },
}
