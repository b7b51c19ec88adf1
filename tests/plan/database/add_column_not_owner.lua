-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "add_column_not_owner" {
  title = "Users log in",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" },
  },
}
