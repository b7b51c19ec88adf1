-- it numbers the rows itself
plan "insert_rows_identity" {
  title = "An order for everybody",
  phase "backfill" {
    insert_rows { into = "app.orders", columns = "id, user_id, total", select = "VALUES (99, 1, 5)" },
  },
}
