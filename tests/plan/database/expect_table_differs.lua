-- a table that is not what the plan was written for
plan "expect_table_differs" {
  title = "A table that differs in three ways, and one that is not there",
  phase "check" {
    expect_table { table = "app.users", columns = [[
      id    uuid         PRIMARY KEY,
      nick  varchar(20)  NOT NULL,
      mail  text
    ]] },
    expect_table { table = "app.order" },
  },
}
