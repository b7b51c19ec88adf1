-- it belongs to the parent
-- given: CREATE INDEX ON app.events (what)
plan "drop_index_of_partition" {
  title = "One index less",
  phase "contract" {
    drop_index_if_exists { index = "app.events_2025_what_idx", loses = "no query uses it" },
  },
}
