-- the table has a plural
plan "add_column_no_table" {
  title = "Users log in",
  phase "expand" {
    add_column_if_missing { table = "app.user", column = "seen_at", type = "timestamptz" },
  },
}
