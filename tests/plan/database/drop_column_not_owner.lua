-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "drop_column_not_owner" {
  title = "Ages are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.users", column = "nick", loses = "nobody reads it" },
  },
}
