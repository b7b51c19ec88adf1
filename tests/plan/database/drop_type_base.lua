-- it is of the server
-- given: CREATE DOMAIN app.mail AS text
-- given: ALTER TABLE app.orgs ADD COLUMN mail app.mail
plan "drop_type_base" {
  title = "Numbers are not needed",
  phase "contract" {
    drop_type_if_exists { type = "app.mail", loses = "nobody needs it" },
  },
}
