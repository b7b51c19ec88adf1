-- nothing makes the mail unique
plan "create_table_parent_key" {
  title = "Notes",
  phase "expand" {
    create_table_if_missing { table = "app.notes", columns = "id bigint PRIMARY KEY, mail text REFERENCES app.users(email)" },
  },
}
