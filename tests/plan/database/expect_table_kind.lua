-- it is not partitioned
plan "expect_table_kind" {
  title = "What the plan was written for",
  phase "check" {
    expect_table { table = "app.orders", kind = "partitioned table" },
  },
}
