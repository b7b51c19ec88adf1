-- values that can't be compared
plan "expect_equal_json" {
  title = "json has no equality",
  phase "verify" {
    expect_equal {
      name  = "nothing was lost on the way",
      left  = [[ SELECT json_agg(nick ORDER BY id) FROM app.users ]],
      right = [[ SELECT json_agg(nick ORDER BY id) FROM app.users ]],
    },
  },
}
