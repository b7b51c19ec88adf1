plan "insert_rows_statement" {
  title = "The query alone, not the whole statement",
  phase "backfill" {
    insert_rows { into = "app.orgs", select = "INSERT INTO app.orgs SELECT 3, 'three'" },
    insert_rows { into = "app.orgs", select = "VALUES (3, 'three')", at_most = "10" },
    insert_rows { into = "app.orgs", values = { 3, "three" } },
    insert_rows { into = "app.orgs", select = "VALUES (3, 'three')", on_conflict = "update" },
  },
}
