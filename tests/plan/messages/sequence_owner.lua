plan "numbers" {
  title = "A sequence and its column",
  phase "expand" {
    create_sequence_if_missing { sequence = "app.no", owned_by = "no" },
    create_sequence_if_missing { sequence = "no", owned_by = "app.orders.no" },
    create_sequence_if_missing { sequence = "app.no", owned_by = "app.Order Items.no" },
  },
}
