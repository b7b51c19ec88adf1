plan "add_unique_empty" {
  title = "No column at all",
  phase "expand" {
    add_unique { table = "app.users", columns = { } },
    add_unique { table = "app.users", column = "email" },
    add_unique { table = "app.users", columns = "email", nulls_not_distinct = "yes" },
  },
}
