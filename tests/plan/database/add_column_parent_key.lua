-- nothing makes the mail unique
plan "add_column_parent_key" {
  title = "Orders know the mail",
  phase "expand" {
    add_column_if_missing { table = "app.orders", column = "mail", type = "text", references = "app.users(email)" },
  },
}
