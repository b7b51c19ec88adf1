plan "create_enum_numbers" {
  title = "Labels are texts",
  phase "expand" {
    create_enum_if_missing { type = "app.priority", values = { 1, 2, 3 } },
    create_enum_if_missing { type = "app.priority", values = "low, high", schema = "app" },
  },
}
