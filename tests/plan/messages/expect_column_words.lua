plan "expect_column_words" {
  title = "What a column must be",
  phase "check" {
    expect_column { table = "app.users", column = "email", nullable = "no" },
    expect_column { table = "app.users", column = "email", not_null = true },
    expect_column { table = "app.users", column = "email", type = "varchar(255) NOT NULL" },
  },
}
