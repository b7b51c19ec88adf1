-- what one has not, one can not give
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "grant_no_right" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "select", on = "app.orders", to = "pg_monitor" },
  },
}
