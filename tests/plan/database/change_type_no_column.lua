-- a letter is missing
plan "change_type_no_column" {
  title = "Mails become longer",
  phase "change" {
    change_type { table = "app.users", column = "emal", type = "text" },
  },
}
