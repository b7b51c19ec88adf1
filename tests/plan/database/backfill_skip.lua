-- foreign keys that would sleep too
-- given: CREATE FUNCTION app.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
-- given: CREATE TRIGGER nothing BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.nothing()
plan "backfill_skip" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orders", set = { user_id = "1" }, where = "user_id = 9", triggers = "skip" },
  },
}
