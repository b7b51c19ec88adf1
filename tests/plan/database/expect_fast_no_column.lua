-- a letter is missing
plan "expect_fast_no_column" {
  title = "Fast enough",
  phase "verify" {
    expect_fast {
      query = [[
        SELECT id
          FROM app.users
         WHERE emial = 'ann@example.com'
      ]],
      under = "100 ms",
    },
  },
}
