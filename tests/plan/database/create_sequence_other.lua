-- it is there, and takes other steps
-- given: CREATE SEQUENCE app.order_no START 1000
plan "create_sequence_other" {
  title = "Order numbers",
  phase "expand" {
    create_sequence_if_missing { sequence = "app.order_no", start = 1000, increment = 10 },
  },
}
