-- a constraint of that name has other columns
-- given: ALTER TABLE app.users ADD CONSTRAINT one_nick UNIQUE (nick)
plan "add_unique_other" {
  title = "One nickname in an organisation",
  phase "expand" {
    add_unique { table = "app.users", columns = "org_id, nick", name = "one_nick" },
  },
}
