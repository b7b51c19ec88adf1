-- the table that it refers to is not there
plan "create_table_no_parent" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing {
      table   = "app.notes",
      columns = [[
        id       bigint PRIMARY KEY,
        user_id  bigint NOT NULL REFERENCES app.user
      ]],
    },
  },
}
