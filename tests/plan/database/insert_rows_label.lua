-- a label that is not there
plan "insert_rows_label" {
  title = "An order",
  phase "backfill" {
    insert_rows { into = "app.orders", columns = "user_id, total, state", select = "VALUES (1, 5, 'payed')" },
  },
}
