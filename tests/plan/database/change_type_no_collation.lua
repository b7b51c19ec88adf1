-- a collation that this server does not know
plan "change_type_no_collation" {
  title = "Mails sort as in Sweden",
  phase "change" {
    change_type {
      table     = "app.users",
      column    = "email",
      type      = "text",
      collation = "sv_SE_phonebook",
    },
  },
}
