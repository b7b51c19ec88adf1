plan "numbers" {
  title = "Numbers that don't go together",
  phase "expand" {
    create_sequence_if_missing { sequence = "app.no", type = "integer", maxvalue = 9999999999 },
    create_sequence_if_missing { sequence = "app.no", start = 0 },
    create_sequence_if_missing { sequence = "app.no", minvalue = 100, maxvalue = 10 },
    create_sequence_if_missing { sequence = "app.no", increment = 0, cache = 0 },
    create_sequence_if_missing { sequence = "app.no", increment = -1, start = 100 },
    create_sequence_if_missing { sequence = "app.no", type = "int", start = "1000" },
  },
}
