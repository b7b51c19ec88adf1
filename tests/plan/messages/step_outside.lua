plan "step_outside" {
  title = "A step that is in no phase",
  add_column_if_missing { table = "app.users", column = "nick", type = "text" },
}
