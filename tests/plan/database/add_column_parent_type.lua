-- a text can not refer to a number
plan "add_column_parent_type" {
  title = "Orders have an organisation",
  phase "expand" {
    add_column_if_missing { table = "app.orders", column = "org", type = "text", references = "app.orgs" },
  },
}
