-- a letter is missing
plan "drop_constraint_no_table" {
  title = "Ages may be below nothing",
  phase "contract" {
    drop_constraint_if_exists { table = "app.user", constraint = "users_age_check", loses = "nobody needs it" },
  },
}
