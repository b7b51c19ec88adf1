-- the value is too long
plan "insert_rows_length" {
  title = "A nickname",
  phase "backfill" {
    insert_rows { into = "app.users", columns = "id, email, nick", select = "VALUES (9, 'n@example.com', 'a very long nickname indeed')" },
  },
}
