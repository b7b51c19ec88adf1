-- a publication sends it
-- given: CREATE PUBLICATION everything FOR TABLE app.users
plan "parallel_table_published" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.users", shadow = "app.users_v2", like = true },
  },
}
