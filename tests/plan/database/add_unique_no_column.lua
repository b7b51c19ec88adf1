-- a letter is too much
plan "add_unique_no_column" {
  title = "One mail, one user",
  phase "expand" {
    add_unique {
      table   = "app.users",
      columns = { "org_id", "e_mail" },
    },
  },
}
