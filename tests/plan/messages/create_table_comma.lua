plan "create_table_comma" {
  title = "A comma too many, and one too few",
  phase "expand" {
    create_table_if_missing {
      table   = "app.notes",
      columns = [[
        id    bigint PRIMARY KEY,
        body  text NOT NULL,
      ]],
    },
    create_table_if_missing {
      table   = "app.tags",
      columns = [[
        id    bigint PRIMARY KEY
        word  text NOT NULL
      ]],
    },
  },
}
