-- a function gives rows of the view
-- given: CREATE FUNCTION app.open() RETURNS SETOF app.open_orders LANGUAGE sql AS 'SELECT * FROM app.open_orders'
plan "drop_view_type_used" {
  title = "Open orders are not needed",
  phase "contract" {
    drop_view_if_exists { view = "app.open_orders", loses = "nobody reads it" },
  },
}
