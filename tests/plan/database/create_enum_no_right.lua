-- nothing may be made in the schema
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "create_enum_no_right" {
  title = "Moods",
  phase "expand" {
    create_enum_if_missing { type = "app.mood", values = { "good", "bad" } },
  },
}
