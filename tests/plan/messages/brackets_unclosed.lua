plan "brackets_unclosed" {
  title = "A query without its end",
  phase "verify" {
    expect_no_rows { query = [[ SELECT id FROM app.users WHERE nick IS NULL ] },
  },
}
