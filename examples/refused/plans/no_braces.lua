-- A gate that is named, and never made: the plan would not have waited.
plan "no_braces" {
  title = "The old status goes",
  gate "checkout 5.3 is live",
  safety_period "30 days" {},
  phase "contract" { drop_column_if_exists { table = "app.orders", column = "old_status", archive = "90 days" } },
}
