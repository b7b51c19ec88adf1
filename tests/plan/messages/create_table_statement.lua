plan "create_table_statement" {
  title = "Only what stands inside the parentheses",
  phase "expand" {
    create_table_if_missing {
      table   = "app.notes",
      columns = [[
        CREATE TABLE app.notes (
          id  bigint PRIMARY KEY
        )
      ]],
    },
  },
}
