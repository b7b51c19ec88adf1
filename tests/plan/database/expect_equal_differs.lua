-- two sums that are not the same
plan "expect_equal_differs" {
  title = "Revenue by user and in all",
  phase "verify" {
    expect_equal {
      name  = "revenue is the same in both",
      left  = [[ SELECT sum(total) FROM app.orders ]],
      right = [[ SELECT sum(o.total) FROM app.orders o JOIN app.users u ON u.id = o.user_id WHERE u.nick IS NOT NULL ]],
    },
  },
}
