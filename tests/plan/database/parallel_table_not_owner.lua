-- somebody else's table
-- as: deploy
-- given: GRANT CREATE ON SCHEMA app TO deploy; GRANT SELECT ON app.users TO deploy
plan "parallel_table_not_owner" {
  title = "Orders in another shape",
  phase "expand" {
    parallel_table { live = "app.users", shadow = "app.users_v2", like = true },
  },
}
