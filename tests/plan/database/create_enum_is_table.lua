-- each table has a type of its name
plan "create_enum_is_table" {
  title = "Users are a type",
  phase "expand" {
    create_enum_if_missing { type = "app.users", values = { "person", "robot" } },
  },
}
