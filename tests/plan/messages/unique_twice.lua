plan "unique_twice" {
  title = "A unique constraint that names a column twice",
  phase "expand" {
    add_unique {
      table = "app.users",
      columns = { "org_id", "email", "ORG_ID" },
    },
  },
}
