-- a letter is missing
plan "drop_not_null_no_column" {
  title = "Mails may be missing",
  phase "change" {
    drop_not_null { table = "app.users", column = "mail" },
  },
}
