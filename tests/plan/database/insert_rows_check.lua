-- nobody is younger than nothing
plan "insert_rows_check" {
  title = "A new user",
  phase "backfill" {
    insert_rows { into = "app.users", columns = "id, email, age", select = "VALUES (9, 'new@example.com', -1)" },
  },
}
