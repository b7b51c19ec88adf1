-- a query that takes longer than it may
plan "expect_rows_timeout" {
  title = "As many as expected",
  phase "verify" {
    expect_rows_between { query = "SELECT 1 FROM pg_sleep(5)", max = 5, timeout = "200 ms", name = "naps" },
  },
}
