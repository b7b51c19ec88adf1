-- the time
plan "parallel_table_now" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.users", shadow = "app.users_v2", like = true, copy = { age = [[ extract(year FROM now() - "createdAt")::integer ]] } },
  },
}
