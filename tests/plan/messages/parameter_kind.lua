local days = param "days" { kind = "integer", default = "thirty" }
plan "parameter_kind" {
  title = "For some days",
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
