-- a check would be made again for all rows
-- given: ALTER TABLE app.users ADD CONSTRAINT nick_is_short CHECK (length(nick) < 20)
plan "type_checked" {
  title = "Nicknames become longer",
  phase "change" {
    change_type { table = "app.users", column = "nick", type = "varchar(40)" },
  },
}
