-- a sequence that nobody made
plan "grant_sequence" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "usage", on = "sequence app.users_id_seq", to = "pg_monitor" },
  },
}
