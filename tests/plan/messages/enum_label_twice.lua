plan "mood" {
  title = "A type with a label too many",
  phase "expand" {
    create_enum_if_missing {
      type   = "app.mood",
      values = { "good", "bad", "good" },
    },
  },
}
