plan "nightly" {
  title = "CET is an hour off in summer",
  windows = "mon-fri 22:00-06:00 CET",
  phase "expand" { add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" } },
}
