-- it numbers the rows itself
plan "set_default_identity" {
  title = "Numbers",
  phase "change" {
    set_default { table = "app.orders", column = "id", default = "0" },
  },
}
