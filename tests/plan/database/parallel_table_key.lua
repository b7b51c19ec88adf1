-- the key would not tell rows apart any more
plan "parallel_table_key" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.users", shadow = "app.users_v2", columns = "email text PRIMARY KEY, age integer", copy = { email = "lower(email)" } },
  },
}
