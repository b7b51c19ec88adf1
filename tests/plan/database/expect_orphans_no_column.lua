-- a letter is missing
plan "expect_orphans_no_column" {
  title = "Before the foreign key",
  phase "verify" {
    expect_no_orphans { table = "app.users", column = "orgid", references = "app.orgs" },
  },
}
