-- it is there, and lets rows go with their parent
-- given: ALTER TABLE app.users ADD CONSTRAINT works_for FOREIGN KEY (org_id) REFERENCES app.orgs ON DELETE CASCADE NOT VALID
plan "add_foreign_key_other" {
  title = "Users stay",
  phase "expand" {
    add_foreign_key { table = "app.users", column = "org_id", references = "app.orgs", name = "works_for", on_delete = "restrict" },
  },
}
