plan "add_enum_value_list" {
  title = "Two labels at once",
  phase "expand" {
    add_enum_value { type = "app.status", value = { "sent", "lost" } },
    add_enum_value { type = "app.status", values = "sent" },
  },
}
