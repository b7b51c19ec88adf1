-- one side has three rows
plan "expect_equal_rows" {
  title = "Revenue is the same",
  phase "verify" {
    expect_equal { name = "totals are the same", left = "SELECT total FROM app.orders", right = "SELECT sum(total) FROM app.orders" },
  },
}
