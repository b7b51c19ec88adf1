-- it refers to another table already
-- given: ALTER TABLE app.users ADD FOREIGN KEY (org_id) REFERENCES app.users NOT VALID
plan "add_column_other_parent" {
  title = "Users have an organisation",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "org_id", type = "bigint", references = "app.orgs" },
  },
}
