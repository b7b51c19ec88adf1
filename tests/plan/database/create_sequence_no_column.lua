-- the column is not there yet
plan "create_sequence_no_column" {
  title = "Order numbers",
  phase "expand" {
    create_sequence_if_missing {
      sequence = "app.order_no",
      owned_by = "app.orders.no",
    },
  },
}
