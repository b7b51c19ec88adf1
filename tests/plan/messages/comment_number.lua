plan "comment_number" {
  title = "A comment is words",
  phase "describe" {
    comment_on { object = "table app.users", comment = 42 },
    comment_on { object = "tabel app.users", comment = "those who log in" },
  },
}
