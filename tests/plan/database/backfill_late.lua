-- a trigger that could undo it
-- given: CREATE FUNCTION app.last() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.nick := NULL; RETURN NEW; END'
-- given: CREATE TRIGGER "~last" BEFORE INSERT OR UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.last()
plan "backfill_late" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.users", set = { nick = "email" }, triggers = "fire" },
  },
}
