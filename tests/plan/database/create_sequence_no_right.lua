-- nothing may be made in the schema
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_sequence_no_right" {
  title = "Order numbers",
  phase "expand" {
    create_sequence_if_missing { sequence = "app.order_no" },
  },
}
