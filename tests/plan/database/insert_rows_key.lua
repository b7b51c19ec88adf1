-- the number is taken
plan "insert_rows_key" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "VALUES (1, 'uno')", on_conflict = "error" },
  },
}
