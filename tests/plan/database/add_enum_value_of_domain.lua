-- a domain has no labels
-- given: CREATE DOMAIN app.mail AS text
plan "add_enum_value_of_domain" {
  title = "Mails",
  phase "expand" {
    add_enum_value { type = "app.mail", value = "sent" },
  },
}
