-- each row would be checked
-- given: CREATE DOMAIN app.mail AS text CHECK (VALUE LIKE '%@%')
plan "add_column_domain" {
  title = "Users have a second mail",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "other_email", type = "app.mail" },
  },
}
