-- the day depends on where you are
plan "create_index_not_immutable" {
  title = "Users are counted by day",
  phase "expand" {
    create_index_if_missing {
      table   = "app.users",
      columns = [[ date_trunc('day', "createdAt") ]],
    },
  },
}
