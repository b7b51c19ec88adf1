-- one column is of another type, one is not there
plan "expect_table_columns" {
  title = "What the plan was written for",
  phase "check" {
    expect_table {
      table   = "app.orgs",
      columns = [[
        id    bigint PRIMARY KEY,
        name  varchar(50),
        city  text
      ]],
    },
  },
}
