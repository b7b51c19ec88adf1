plan "create_table_list" {
  title = "Columns are SQL, not a list",
  phase "expand" {
    create_table_if_missing { table = "app.notes", columns = { "id bigint PRIMARY KEY", "body text" } },
  },
}
