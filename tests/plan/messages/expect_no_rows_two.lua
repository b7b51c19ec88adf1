plan "expect_no_rows_two" {
  title = "More than one query",
  phase "verify" {
    expect_no_rows { query = "SELECT id FROM app.users WHERE nick IS NULL; SELECT id FROM app.orgs" },
    expect_no_rows { sql = "SELECT id FROM app.users WHERE nick IS NULL" },
  },
}
