-- a text is stored otherwise than a label
plan "change_type_enum" {
  title = "States become text",
  phase "change" {
    change_type { table = "app.orders", column = "state", type = "text" },
  },
}
