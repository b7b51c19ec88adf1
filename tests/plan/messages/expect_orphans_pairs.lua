plan "expect_orphans_pairs" {
  title = "Columns that don't pair",
  phase "verify" {
    expect_no_orphans { table = "app.orders", references = "app.users" },
    expect_no_orphans { table = "app.orders", columns = { "tenant", "user_id" }, references = "app.users(id)" },
    expect_no_orphans { table = "app.orders", columns = "lower(email)", references = "app.users(email)" },
    expect_no_orphans { table = "app.orders", column = "user_id", references = "app.users ON DELETE CASCADE" },
  },
}
