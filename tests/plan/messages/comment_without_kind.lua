plan "comments" {
  title = "A comment on a table",
  phase "describe" {
    comment_on { object = "app.users", comment = "one row for each person" },
  },
}
