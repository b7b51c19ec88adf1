-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "add_unique_not_owner" {
  title = "One name, one organisation",
  phase "expand" {
    add_unique { table = "app.orgs", columns = "name" },
  },
}
