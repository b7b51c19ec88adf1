-- old values without a key
-- given: CREATE TABLE app.notes (body text)
plan "backfill_keyless" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.notes", set = { body = "'x'" }, keep_old = true },
  },
}
