-- an index of that name is on another column
-- given: CREATE INDEX users_found ON app.users (nick)
plan "create_index_other" {
  title = "Users are found by their mail",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = "email",
      name    = "users_found",
    },
  },
}
