-- nothing may be written there
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "sql_step_no_right" {
  title = "Nicknames in lower case",
  phase "backfill" {
    sql_step { sql = "UPDATE app.users SET nick = lower(nick)", undo = false, reason = "one way to write them" },
  },
}
