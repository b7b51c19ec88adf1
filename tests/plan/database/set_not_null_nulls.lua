-- bob has no nickname
plan "set_not_null_nulls" {
  title = "Everybody has a nickname",
  phase "expand" {
    set_not_null {
      table  = "app.users",
      column = "nick",
    },
  },
}
