-- the schema is forgotten
plan "comment_no_table" {
  title = "What the tables mean",
  phase "describe" {
    comment_on { object = "table users", comment = "those who log in" },
  },
}
