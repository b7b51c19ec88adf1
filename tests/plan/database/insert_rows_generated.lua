-- it is computed
plan "insert_rows_generated" {
  title = "An order for everybody",
  phase "backfill" {
    insert_rows { into = "app.orders", columns = "user_id, total, doubled", select = "VALUES (1, 5, 10)" },
  },
}
