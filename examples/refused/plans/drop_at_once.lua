-- A column goes while a release that reads it may still be live, and its values with it.
plan "drop_at_once" {
  title = "The old address goes",
  phase "contract" { drop_column_if_exists { table = "app.users", column = "address" } },
}
