-- the table has no primary key
-- given: CREATE TABLE app.teams (id bigint, name text)
plan "add_foreign_key_no_key" {
  title = "Users have a team",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", references = "app.teams" },
  },
}
