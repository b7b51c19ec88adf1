plan "nightly" {
  title = "Hours as one says them",
  windows = { "10pm-6am Europe/Berlin" },
  phase "expand" { add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" } },
}
