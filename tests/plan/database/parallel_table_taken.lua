-- the name is taken
plan "parallel_table_taken" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.users", shadow = "app.orgs", like = true },
  },
}
