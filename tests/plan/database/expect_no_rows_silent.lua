-- the same without words
plan "expect_no_rows_silent" {
  title = "Before the constraint",
  phase "verify" {
    expect_no_rows { query = "SELECT id, nick FROM app.users WHERE nick IS NULL" },
  },
}
