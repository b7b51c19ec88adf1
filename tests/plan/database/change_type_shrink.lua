-- longer nicknames would not fit
plan "change_type_shrink" {
  title = "Nicknames become shorter",
  phase "change" {
    change_type {
      table  = "app.users",
      column = "nick",
      type   = "varchar(10)",
    },
  },
}
