-- a word is no number
plan "create_table_default" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing { table = "app.notes", columns = "id bigint PRIMARY KEY, stars integer DEFAULT 'many'" },
  },
}
