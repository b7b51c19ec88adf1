-- a type that nobody made
plan "unknown_type" {
  title = "A type that is not there",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "plan", type = "app.plan_name" },
  },
}
