-- triggers of its own
-- given: CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW."createdAt" := now(); RETURN NEW; END'
-- given: CREATE TRIGGER touch BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.touch()
plan "backfill_triggers" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nick = "email" } },
  },
}
