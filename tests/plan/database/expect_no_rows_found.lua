-- two mails are the same
plan "expect_no_rows_found" {
  title = "Before the constraint",
  phase "verify" {
    expect_no_rows {
      query   = "SELECT email, count(*) FROM app.users GROUP BY email HAVING count(*) > 1",
      message = "two users have the same mail",
    },
  },
}
