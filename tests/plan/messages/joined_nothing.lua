local schema
plan "joined_nothing" {
  title = "A variable without a value",
  phase "expand" {
    add_column_if_missing { table = schema .. ".users", column = "nick", type = "text" },
  },
}
