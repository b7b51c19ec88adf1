-- a foreign key needs the key of the table
-- given: ALTER TABLE app.orgs ADD UNIQUE (name)
-- given: CREATE TABLE app.branches (id bigint PRIMARY KEY, org text REFERENCES app.orgs (name))
plan "drop_constraint_of_index" {
  title = "Names may come twice",
  phase "contract" {
    drop_constraint_if_exists { table = "app.orgs", constraint = "orgs_name_key", loses = "names may be the same" },
  },
}
