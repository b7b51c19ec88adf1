-- a column that must not be NULL is left out
plan "insert_rows_null" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id", select = "VALUES (3)" },
  },
}
