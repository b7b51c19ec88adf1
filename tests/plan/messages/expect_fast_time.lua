plan "expect_fast_time" {
  title = "How fast is fast",
  phase "verify" {
    expect_fast { query = "SELECT id FROM app.users WHERE email = 'ann@example.com'" },
    expect_fast { query = "SELECT id FROM app.users", under = "0.1" },
    expect_fast { query = "UPDATE app.users SET nick = ''", under = "100 ms" },
  },
}
