-- a foreign key refers to it
plan "drop_column_key" {
  title = "Numbers are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.users", column = "id", loses = "nobody reads it" },
  },
}
