plan "unique_expression" {
  title = "A unique constraint over an expression",
  phase "expand" {
    add_unique { table = "app.users", columns = "lower(email)" },
  },
}
