-- a letter is missing
plan "comment_no_column" {
  title = "What the columns mean",
  phase "describe" {
    comment_on {
      object  = "column app.users.emal",
      comment = "lower case",
    },
  },
}
