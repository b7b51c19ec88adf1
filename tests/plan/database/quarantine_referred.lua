-- orders refer to them
plan "quarantine_referred" {
  title = "Users who are there twice",
  phase "keep" {
    quarantine { table = "app.users", where = "id = 1 OR id = 2", reason = "twice" },
  },
}
