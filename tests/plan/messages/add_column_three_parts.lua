plan "add_column_three_parts" {
  title = "The database is chosen when the plan is run",
  phase "expand" {
    add_column_if_missing { table = "shop.app.users", column = "nick", type = "text" },
  },
}
