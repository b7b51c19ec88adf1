-- the role may not make the schema of the registry
-- as: deploy
plan "registry_no_right" {
  title = "Organisations",
  phase "backfill" {
    insert_rows { into = "app.orgs", columns = "id, name", select = "VALUES (3, 'three')" },
  },
}
