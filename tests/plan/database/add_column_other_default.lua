-- the column is there, with another default
plan "add_column_other_default" {
  title = "Orders have a state",
  phase "expand" {
    add_column_if_missing { table = "app.orders", column = "state", type = "app.status", default = "'paid'" },
  },
}
