plan "expect_equal_halves" {
  title = "One side is missing, the other one writes",
  phase "verify" {
    expect_equal { name = "as many as before", left = "SELECT count(*) FROM app.users" },
    expect_equal {
      name  = "nothing is lost",
      left  = "SELECT count(*) FROM app.users",
      right = [[
        WITH gone AS (
          DELETE FROM app.users_old RETURNING id
        )
        SELECT count(*) FROM gone
      ]],
    },
  },
}
