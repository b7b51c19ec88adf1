plan "drop_column_safety" {
  title = "Each drop without a safety period",
  phase "contract" {
    drop_column_if_exists { table = "app.users", column = "nick" },
    drop_constraint_if_exists { table = "app.users", constraint = "users_nick_key" },
    drop_index_if_exists { index = "app.users_nick" },
    drop_table_if_exists { table = "app.users_old" },
    drop_type_if_exists { type = "app.mood" },
    drop_view_if_exists { view = "app.nicks" },
  },
}
