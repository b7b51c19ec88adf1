-- somebody added one
plan "create_enum_label_less" {
  title = "States",
  phase "expand" {
    create_enum_if_missing { type = "app.status", values = { "open" } },
  },
}
