-- it is a table
plan "replace_view_is_table" {
  title = "Organisations",
  phase "change" {
    replace_view { view = "app.orgs", query = "SELECT 1 AS id" },
  },
}
