-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "comment_not_owner" {
  title = "What the tables mean",
  phase "describe" {
    comment_on { object = "table app.users", comment = "those who log in" },
  },
}
