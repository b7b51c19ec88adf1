-- a user that is not there
plan "insert_rows_no_parent" {
  title = "An order for everybody",
  phase "backfill" {
    insert_rows { into = "app.orders", columns = "user_id, total", select = "VALUES (99, 5)" },
  },
}
