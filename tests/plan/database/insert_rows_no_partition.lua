-- no partition takes the day
plan "insert_rows_no_partition" {
  title = "An event of last year",
  phase "backfill" {
    insert_rows { into = "app.events", columns = "id, day, what", select = "VALUES (7, date '2024-12-31', 'party')" },
  },
}
