-- nothing may be made in the schema
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_table_no_right" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing { table = "app.notes", columns = "id bigint PRIMARY KEY" },
  },
}
