plan "plan_setting" {
  title = "Settings that there are not",
  owners = "team-checkout",
  lock_timeout = 50,
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
