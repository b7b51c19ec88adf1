-- a table of somebody else
-- as: deploy
-- given: GRANT SELECT ON ALL TABLES IN SCHEMA app TO deploy; DO 'BEGIN EXECUTE format(''GRANT CREATE ON DATABASE %I TO deploy'', current_database()); END'
plan "backfill_not_owner" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nick = "email" } },
  },
}
