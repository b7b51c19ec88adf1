-- none of it is so
plan "expect_column_differs" {
  title = "What the plan was written for",
  phase "check" {
    expect_column {
      table    = "app.users",
      column   = "id",
      type     = "uuid",
    },
    expect_column {
      table    = "app.users",
      column   = "nick",
      nullable = false,
    },
    expect_column {
      table    = "app.orders",
      column   = "state",
      default  = "'paid'",
    },
  },
}
