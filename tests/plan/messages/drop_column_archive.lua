plan "drop_column_archive" {
  title = "For how long the values are kept",
  phase "contract" {
    drop_column_if_exists { table = "app.users", column = "nick", archive = 90, loses = "nobody reads it" },
    drop_table_if_exists { table = "app.users_old", archive = "20 years", loses = "nobody reads it" },
    drop_view_if_exists { view = "app.nicks", archive = "90 days", loses = "nobody reads it" },
  },
}
