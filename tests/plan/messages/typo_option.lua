plan "typo" {
  title = "An option is misspelt",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      colum  = "seen_at",
      type   = "timestamptz",
    },
  },
}
