-- a table without a key
-- given: CREATE TABLE app.words (word text)
plan "insert_rows_no_key" {
  title = "Words",
  phase "backfill" {
    insert_rows { into = "app.words", columns = "word", select = "VALUES ('one')" },
  },
}
