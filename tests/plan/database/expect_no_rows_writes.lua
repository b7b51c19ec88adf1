-- given: CREATE FUNCTION app.next_order() RETURNS bigint LANGUAGE sql AS $$INSERT INTO app.orders (user_id, total) VALUES (1, 0) RETURNING id$$
plan "expect_no_rows_writes" {
  title = "A query that does more than it says",
  phase "verify" {
    expect_no_rows { query = "SELECT app.next_order()", message = "no order is due" },
  },
}
