plan "typo" {
  title = "A primitive is misspelt",
  phase "expand" {
    add_colum_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" },
  },
}
