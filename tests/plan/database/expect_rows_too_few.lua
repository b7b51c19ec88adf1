-- three users are not ten
plan "expect_rows_too_few" {
  title = "As many as expected",
  phase "verify" {
    expect_rows_between { query = "SELECT id FROM app.users", min = 10, name = "users" },
  },
}
