-- it belongs to a constraint
plan "drop_index_of_constraint" {
  title = "One index less",
  phase "contract" {
    drop_index_if_exists { index = "app.users_pkey", loses = "no query uses it" },
  },
}
