plan "drop_constraint_name" {
  title = "What is called what",
  phase "contract" {
    drop_constraint_if_exists { table = "app.users", name = "users_nick_key", loses = "nicknames may be the same" },
    drop_view_if_exists { table = "app.nicks", loses = "nobody reads it" },
  },
}
