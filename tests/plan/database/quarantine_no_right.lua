-- as: deploy
-- given: GRANT CREATE ON DATABASE postgres TO deploy; GRANT SELECT ON ALL TABLES IN SCHEMA app TO deploy; DO 'BEGIN EXECUTE format(''GRANT CREATE ON DATABASE %I TO deploy'', current_database()); END'
-- who may read only
plan "quarantine_no_right" {
  title = "Orders of a user who is gone",
  phase "keep" {
    quarantine { table = "app.orders", where = "user_id = 1", reason = "gone" },
  },
}
