plan "expect_rows_unbounded" {
  title = "Any number of rows is between nothing and nothing",
  phase "verify" {
    expect_rows_between { query = "SELECT id FROM app.users" },
    expect_rows_between { query = "SELECT id FROM app.users", min = 20, max = 10 },
    expect_rows_between { query = "SELECT id FROM app.users", max = 0 },
  },
}
