-- it is computed
plan "set_default_generated" {
  title = "Doubles",
  phase "change" {
    set_default { table = "app.orders", column = "doubled", default = "0" },
  },
}
