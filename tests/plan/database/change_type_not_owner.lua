-- the table belongs to another role
-- given: DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deploy', current_database()); END $$
-- as: deploy
plan "change_type_not_owner" {
  title = "Nicknames become longer",
  phase "change" {
    change_type { table = "app.users", column = "nick", type = "varchar(40)" },
  },
}
