-- nothing may be written there
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "insert_rows_no_right" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "VALUES (3, 'three')" },
  },
}
