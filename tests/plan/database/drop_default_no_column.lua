-- a letter is missing
plan "drop_default_no_column" {
  title = "States come from elsewhere",
  phase "change" {
    drop_default { table = "app.orders", column = "stat" },
  },
}
