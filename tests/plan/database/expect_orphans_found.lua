-- users of an organisation that is not there
plan "expect_orphans_found" {
  title = "Before the foreign key",
  phase "verify" {
    expect_no_orphans { table = "app.users", column = "org_id", references = "app.orgs" },
  },
}
