-- a condition that changes with time
plan "create_index_where" {
  title = "New users are found",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = "email",
      where   = [[ "createdAt" > now() - interval '1 day' ]],
    },
  },
}
