-- A default that is computed for each row rewrites the whole table while everybody waits.
plan "volatile_default" {
  title = "Every user has a token",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "token", type = "uuid", default = "gen_random_uuid()" },
  },
}
