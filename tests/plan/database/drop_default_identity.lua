-- it numbers the rows itself
plan "drop_default_identity" {
  title = "Numbers come from elsewhere",
  phase "change" {
    drop_default { table = "app.orders", column = "id" },
  },
}
