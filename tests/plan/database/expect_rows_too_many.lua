-- three users are more than two
plan "expect_rows_too_many" {
  title = "As many as expected",
  phase "verify" {
    expect_rows_between { query = "SELECT id FROM app.users", max = 2 },
  },
}
