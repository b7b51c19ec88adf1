-- a value that a CHECK refuses
-- given: ALTER TABLE app.orgs ADD short text CHECK (short <> '')
plan "backfill_check" {
  title = "Fills",
  phase "backfill" {
    backfill { table = "app.orgs", set = { short = "left(name, 0)" } },
  },
}
