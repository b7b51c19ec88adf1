-- capitals count only inside double quotes
plan "add_check_camel" {
  title = "Nobody comes from the future",
  phase "expand" {
    add_check {
      table = "app.users",
      check = "createdAt < now() + interval '1 day'",
    },
  },
}
