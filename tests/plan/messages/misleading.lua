plan "misleading" {
  title = "Named for one thing, doing another",
  phase "add image urls" {
    drop_column_if_exists { table = "app.users", column = "nick", loses = "we think so" },
  },
}
