-- a name that is none
-- given: ALTER TABLE app.orgs ADD CHECK (name <> '')
plan "insert_rows_check" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "VALUES (3, '')" },
  },
}
