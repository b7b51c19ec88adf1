plan "nightly" {
  title = "Whose clock says ten in the evening?",
  windows = { "22:00-06:00", "sat,sun" },
  phase "expand" { add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" } },
}
