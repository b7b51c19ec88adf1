-- a primary key has no NULL
plan "drop_not_null_key" {
  title = "Numbers may be missing",
  phase "change" {
    drop_not_null { table = "app.users", column = "id" },
  },
}
