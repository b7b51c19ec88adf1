-- it is there, and differs
plan "create_table_other" {
  title = "Organisations",
  phase "expand" {
    create_table_if_missing {
      table   = "app.orgs",
      columns = [[
        id    bigint PRIMARY KEY,
        name  text   NOT NULL UNIQUE,
        city  text
      ]],
    },
  },
}
