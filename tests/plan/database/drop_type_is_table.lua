-- it is the type of a table
plan "drop_type_is_table" {
  title = "Users are not needed",
  phase "contract" {
    drop_type_if_exists { type = "app.users", loses = "nobody needs it" },
  },
}
