-- the key names a column that is not there
plan "create_table_key_column" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing {
      table   = "app.notes",
      columns = [[
        id    bigint NOT NULL,
        body  text,
        PRIMARY KEY (note_id)
      ]],
    },
  },
}
