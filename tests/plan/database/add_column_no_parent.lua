-- the table that it refers to is not there
plan "add_column_no_parent" {
  title = "Users have a team",
  phase "expand" {
    add_column_if_missing {
      table      = "app.users",
      column     = "team_id",
      type       = "bigint",
      references = "app.teams",
    },
  },
}
