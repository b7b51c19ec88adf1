-- one side has a column more
plan "expect_equal_columns" {
  title = "Revenue is the same",
  phase "verify" {
    expect_equal { name = "totals are the same", left = "SELECT count(*), sum(total) FROM app.orders", right = "SELECT sum(total) FROM app.orders" },
  },
}
