-- a letter is missing
plan "replace_view_no_column" {
  title = "Open orders",
  phase "change" {
    replace_view {
      view  = "app.open_orders",
      query = [[
        SELECT id, user_id, total
          FROM app.orders
         WHERE sate = 'open'
      ]],
    },
  },
}
