-- a word is no number
plan "insert_rows_type" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "SELECT 'three'::text, 'three'::text" },
  },
}
