-- the name belongs to a table
plan "create_sequence_is_table" {
  title = "Order numbers",
  phase "expand" {
    create_sequence_if_missing { sequence = "app.orders" },
  },
}
