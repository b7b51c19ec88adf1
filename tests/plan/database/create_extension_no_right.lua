-- only a superuser may
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_extension_no_right" {
  title = "Statistics",
  phase "expand" {
    create_extension_if_missing { extension = "pg_stat_statements" },
  },
}
