-- another view shows it
-- given: CREATE VIEW app.large_orders AS SELECT * FROM app.open_orders WHERE total > 1000
plan "drop_view_used" {
  title = "Open orders are not needed",
  phase "contract" {
    drop_view_if_exists { view = "app.open_orders", loses = "nobody reads it" },
  },
}
