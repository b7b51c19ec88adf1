-- nothing may be made in the schema
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_view_no_right" {
  title = "Names",
  phase "expand" {
    create_view { view = "app.names", query = "SELECT id, name FROM app.orgs" },
  },
}
