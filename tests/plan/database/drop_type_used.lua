-- a column is of it
plan "drop_type_used" {
  title = "States are not needed",
  phase "contract" {
    drop_type_if_exists { type = "app.status", loses = "nobody needs it" },
  },
}
