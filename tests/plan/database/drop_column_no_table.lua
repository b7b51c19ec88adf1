-- a letter is missing
plan "drop_column_no_table" {
  title = "Ages are not needed",
  phase "contract" {
    drop_column_if_exists { table = "app.user", column = "age", loses = "nobody reads it" },
  },
}
