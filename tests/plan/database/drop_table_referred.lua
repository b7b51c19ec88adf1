-- orders refer to it
plan "drop_table_referred" {
  title = "Users are not needed",
  phase "contract" {
    drop_table_if_exists { table = "app.users", loses = "nobody reads it" },
  },
}
