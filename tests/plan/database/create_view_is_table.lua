-- the name belongs to a table
plan "create_view_is_table" {
  title = "Organisations",
  phase "expand" {
    create_view { view = "app.orgs", query = "SELECT 1 AS id" },
  },
}
