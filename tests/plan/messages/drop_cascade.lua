plan "drop_cascade" {
  title = "A type with all that uses it",
  phase "contract" {
    drop_type_if_exists { type = "app.mood", cascade = true, loses = "no column has it" },
    drop_index_if_exists { table = "app.users", name = "users_mood", loses = "no query uses it" },
  },
}
