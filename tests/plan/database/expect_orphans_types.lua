-- a number that refers to a name
plan "expect_orphans_types" {
  title = "Two columns that mean different things",
  phase "verify" {
    expect_no_orphans { table = "app.users", column = "org_id", references = "app.orgs(name)" },
    expect_no_orphans { table = "app.users", column = "org_id", references = "app.org" },
  },
}
