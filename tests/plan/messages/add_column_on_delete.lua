plan "add_column_on_delete" {
  title = "Nothing that could be deleted",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "org_id", type = "bigint", on_delete = "cascade" },
    add_column_if_missing { table = "app.users", column = "team_id", type = "bigint", references = "app.teams ON DELETE CASCADE" },
    add_column_if_missing { table = "app.users", column = "boss_id", type = "bigint", references = "app.users", on_delete = "casade" },
  },
}
