-- it is computed
plan "drop_default_generated" {
  title = "Doubles come from elsewhere",
  phase "change" {
    drop_default { table = "app.orders", column = "doubled" },
  },
}
