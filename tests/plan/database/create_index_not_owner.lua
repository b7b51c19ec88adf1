-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_index_not_owner" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing { table = "app.users", columns = "email" },
  },
}
