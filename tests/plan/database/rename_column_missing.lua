-- a letter is missing
plan "rename_column_missing" {
  title = "Mails",
  phase "switch" {
    rename_column {
      table  = "app.users",
      column = "emal",
      to     = "mail",
    },
  },
}
