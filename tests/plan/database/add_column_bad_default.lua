-- a word is no number
plan "add_column_bad_default" {
  title = "Users have points",
  phase "expand" {
    add_column_if_missing {
      table   = "app.users",
      column  = "points",
      type    = "integer",
      default = "'none'",
    },
  },
}
