-- a view has no key
plan "insert_rows_into_view" {
  title = "An order",
  phase "backfill" {
    insert_rows { into = "app.open_orders", columns = "user_id, total", select = "VALUES (1, 5)" },
  },
}
