plan "interval" {
  title = "Not a length of time",
  gate "go" { text = "go" },
  safety_period "a while" { },
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "a", type = "text", lock_timeout = "5 apples" },
  },
}
