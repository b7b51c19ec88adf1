-- it belongs to the parent
plan "drop_constraint_partition" {
  title = "Events",
  phase "contract" {
    drop_constraint_if_exists { table = "app.events_2025", constraint = "events_2025_pkey", loses = "nobody needs it" },
  },
}
