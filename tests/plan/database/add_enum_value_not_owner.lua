-- the type belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "add_enum_value_not_owner" {
  title = "Orders are sent",
  phase "expand" {
    add_enum_value { type = "app.status", value = "sent" },
  },
}
