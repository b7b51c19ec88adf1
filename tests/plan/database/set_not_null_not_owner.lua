-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "set_not_null_not_owner" {
  title = "Everybody has an age",
  phase "expand" {
    set_not_null { table = "app.users", column = "age" },
  },
}
