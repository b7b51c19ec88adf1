-- it is a table
plan "drop_index_is_table" {
  title = "One index less",
  phase "contract" {
    drop_index_if_exists { index = "app.orgs", loses = "no query uses it" },
  },
}
