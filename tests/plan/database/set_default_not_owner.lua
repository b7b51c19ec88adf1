-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "set_default_not_owner" {
  title = "Ages",
  phase "change" {
    set_default { table = "app.users", column = "age", default = "18" },
  },
}
