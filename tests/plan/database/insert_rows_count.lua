-- more values than columns
plan "insert_rows_count" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "VALUES (3, 'three', 'Paris')" },
  },
}
