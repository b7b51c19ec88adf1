-- a function that nobody made
plan "add_check_no_function" {
  title = "Mails look like mails",
  phase "expand" {
    add_check { table = "app.users", check = "app.is_mail(email)" },
  },
}
