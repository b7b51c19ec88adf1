plan "mood" {
  title = "A type without labels",
  phase "expand" {
    create_enum_if_missing { type = "app.mood", values = { } },
    create_enum_if_missing { type = "app.mood", labels = { "good", "bad" } },
  },
}
