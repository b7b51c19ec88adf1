-- a column that is not there
plan "quarantine_where" {
  title = "Orders of users who are gone",
  phase "keep" {
    quarantine { table = "app.orders", reason = "orphans", where = [[
      NOT EXISTS (SELECT FROM app.users u
                  WHERE u.id = orders.userid) ]] },
  },
}
