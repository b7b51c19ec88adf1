-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "rename_column_not_owner" {
  title = "Mails",
  phase "switch" {
    rename_column { table = "app.users", column = "email", to = "mail" },
  },
}
