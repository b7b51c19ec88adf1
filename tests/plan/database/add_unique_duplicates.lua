-- two users have one mail
plan "add_unique_duplicates" {
  title = "One mail, one user",
  phase "expand" {
    add_unique {
      table   = "app.users",
      columns = "email",
    },
  },
}
