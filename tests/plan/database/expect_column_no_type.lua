-- a type that nobody made
plan "expect_column_no_type" {
  title = "What the plan was written for",
  phase "check" {
    expect_column { table = "app.orders", column = "state", type = "app.state" },
  },
}
