plan "mood" {
  title = "A label in two places",
  phase "expand" {
    add_enum_value { type = "app.mood", value = "ugly", after = "good", before = "bad" },
    add_enum_value { type = "app.mood", value = "ugly", after = "ugly" },
  },
}
