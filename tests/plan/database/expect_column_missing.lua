-- none of it is there
plan "expect_column_missing" {
  title = "What the plan was written for",
  phase "check" {
    expect_column { table = "app.users", column = "emial" },
    expect_column { table = "app.users", column = "createdAt" },
    expect_column { table = "app.user", column = "email" },
  },
}
