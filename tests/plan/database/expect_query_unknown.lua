-- a slip in a query, found before the run
plan "expect_query_unknown" {
  title = "Queries about what is not there",
  phase "verify" {
    expect_rows_between { query = "SELECT id FROM app.users WHERE emial IS NULL", min = 1, max = 10 },
    expect_fast { query = "SELECT * FROM app.order WHERE user_id = 42", under = "100 ms" },
    expect_no_rows { query = "SELECT * FROM app.orders WHERE user_id = $1" },
  },
}
