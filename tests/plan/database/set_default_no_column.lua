-- a letter is missing
plan "set_default_no_column" {
  title = "Nicknames",
  phase "change" {
    set_default { table = "app.users", column = "nic", default = "'nobody'" },
  },
}
