-- it is a table
plan "drop_view_is_table" {
  title = "Organisations are not needed",
  phase "contract" {
    drop_view_if_exists { view = "app.orgs", loses = "nobody reads it" },
  },
}
