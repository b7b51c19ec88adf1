-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "drop_table_not_owner" {
  title = "Organisations are not needed",
  phase "contract" {
    drop_table_if_exists { table = "app.orgs", loses = "nobody reads it" },
  },
}
