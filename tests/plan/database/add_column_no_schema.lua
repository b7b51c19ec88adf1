-- the schema is forgotten
plan "add_column_no_schema" {
  title = "Users log in",
  phase "expand" {
    add_column_if_missing { table = "users", column = "seen_at", type = "timestamptz" },
  },
}
