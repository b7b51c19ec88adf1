-- a schema that nobody made
plan "create_table_no_schema" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing { table = "shop.notes", columns = "id bigint PRIMARY KEY" },
  },
}
