-- more names than columns
plan "create_view_columns" {
  title = "Names",
  phase "expand" {
    create_view { view = "app.names", columns = { "id", "name", "city" }, query = "SELECT id, name FROM app.orgs" },
  },
}
