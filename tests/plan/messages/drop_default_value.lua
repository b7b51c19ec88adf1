plan "drop_default_value" {
  title = "What the default was does not matter",
  phase "change" {
    drop_default { table = "app.orders", column = "state", default = "'open'" },
    drop_not_null { table = "app.users" },
  },
}
