-- another name
plan "comment_no_constraint" {
  title = "What the constraints mean",
  phase "describe" {
    comment_on { object = "constraint users_age on app.users", comment = "nobody is younger than nothing" },
  },
}
