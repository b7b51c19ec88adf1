-- a foreign key refers to it
plan "drop_constraint_needed" {
  title = "Numbers may come twice",
  phase "contract" {
    drop_constraint_if_exists {
      table      = "app.users",
      constraint = "users_pkey",
      loses      = "another key comes",
    },
  },
}
