plan "wrong_kind" {
  title = "Numbers where names are wanted",
  phase "expand" {
    add_column_if_missing { table = 42, column = "seen_at", type = "text" },
  },
}
