-- a table that nobody made
plan "create_view_no_table" {
  title = "Names",
  phase "expand" {
    create_view { view = "app.names", query = "SELECT id, name FROM app.people" },
  },
}
