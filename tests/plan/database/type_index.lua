-- an index over an expression is built anew, though the table stays as it is
-- given: CREATE INDEX users_nick ON app.users (lower(nick))
plan "type_index" {
  title = "Nicknames become longer",
  phase "change" {
    change_type { table = "app.users", column = "nick", type = "varchar(40)" },
  },
}
