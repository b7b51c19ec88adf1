-- a letter is missing in one of the queries
plan "expect_equal_query" {
  title = "Revenue is the same",
  phase "verify" {
    expect_equal {
      name  = "open orders are the same",
      left  = [[ SELECT count(*) FROM app.open_orders ]],
      right = [[
        SELECT count(*)
          FROM app.orders
         WHERE stat = 'open'
      ]],
    },
  },
}
