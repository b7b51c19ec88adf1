-- a sequence that nobody made
plan "set_default_no_sequence" {
  title = "Numbers",
  phase "change" {
    set_default { table = "app.users", column = "id", default = "nextval('app.users_id_seq')" },
  },
}
