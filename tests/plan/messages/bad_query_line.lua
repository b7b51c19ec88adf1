plan "bad_query" {
  title = "The error is inside a long text",
  phase "verify" {
    expect_no_rows {
      message = "users without a mail",
      query = [[
        SELECT id
          FROM app.users
         WHERE mail IS NUL
      ]],
    },
  },
}
