plan "volatile" {
  title = "A default that rewrites the table",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "token", type = "uuid", default = "gen_random_uuid()" },
  },
}
