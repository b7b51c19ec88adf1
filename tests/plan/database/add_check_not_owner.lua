-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "add_check_not_owner" {
  title = "Orders cost something",
  phase "expand" {
    add_check { table = "app.orders", check = "total > 0" },
  },
}
