plan "missing" {
  title = "An option is missing",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "seen_at" },
  },
}
