-- a type that nobody made
plan "create_table_no_type" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing {
      table   = "app.notes",
      columns = [[
        id    bigint PRIMARY KEY,
        mood  app.mood NOT NULL
      ]],
    },
  },
}
