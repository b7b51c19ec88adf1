-- A misspelt option.  Other tools add the column without its default, and nobody notices.
plan "typo" {
  title = "Users can be blocked",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "blocked", type = "boolean", deafult = "false" },
  },
}
