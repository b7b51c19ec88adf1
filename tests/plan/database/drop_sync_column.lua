-- a column that is not there
plan "drop_sync_column" {
  title = "Fills",
  phase "contract" {
    drop_sync { table = "app.users", column = "createdat", loses = "nothing" },
  },
}
