-- the table may not be read
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "expect_no_rows_no_right" {
  title = "Before the constraint",
  phase "verify" {
    expect_no_rows { query = "SELECT id FROM app.users WHERE nick IS NULL" },
  },
}
