plan "serial" {
  title = "A serial column rewrites the table",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "no", type = "bigserial" },
  },
}
