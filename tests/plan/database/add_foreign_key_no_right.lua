-- the table that it refers to belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- given: CREATE TABLE app.visits (id bigint PRIMARY KEY, user_id bigint)
-- given: ALTER TABLE app.visits OWNER TO deploy
-- as: deploy
plan "add_foreign_key_no_right" {
  title = "Visits have a user",
  phase "expand" {
    add_foreign_key {
      table      = "app.visits",
      column     = "user_id",
      references = "app.users",
    },
  },
}
