-- a letter is missing
plan "create_view_no_column" {
  title = "Names",
  phase "expand" {
    create_view {
      view  = "app.names",
      query = [[
        SELECT u.id, u.nik
          FROM app.users u
      ]],
    },
  },
}
