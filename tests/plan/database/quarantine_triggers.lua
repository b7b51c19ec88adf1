-- a trigger writes down who deletes
-- given: CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; CREATE TRIGGER audit BEFORE DELETE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.note()
plan "quarantine_triggers" {
  title = "Orders of a user who is gone",
  phase "keep" {
    quarantine { table = "app.orders", where = "user_id = 1", reason = "gone" },
  },
}
