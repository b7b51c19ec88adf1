plan "phase_no_label" {
  title = "A phase without its label",
  phase { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
