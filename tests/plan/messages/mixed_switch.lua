plan "mixed_switch" {
  title = "A rename among additions",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" },
    rename_column { table = "app.users", column = "mail", to = "email" },
  },
}
