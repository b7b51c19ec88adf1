-- the length of a value is another value
plan "change_type_using" {
  title = "Nicknames in lower case",
  phase "change" {
    change_type { table = "app.users", column = "nick", type = "text", using = "lower(nick)" },
  },
}
