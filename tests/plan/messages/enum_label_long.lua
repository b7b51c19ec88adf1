plan "mood" {
  title = "A label that does not fit",
  phase "expand" {
    create_enum_if_missing { type = "app.mood", values = {
      "good",
      "neither good nor bad, but rather somewhere in the middle of the two",
    } },
    add_enum_value { type = "app.mood", value = "so bad that it takes a whole sentence to say how bad it really is" },
  },
}
