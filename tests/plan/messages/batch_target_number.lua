plan "nightly" {
  title = "Rows, where a length of time is wanted",
  batch_target = 5000,
  phase "expand" { add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" } },
}
