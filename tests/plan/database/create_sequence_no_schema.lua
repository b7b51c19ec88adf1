-- a schema that nobody made
plan "create_sequence_no_schema" {
  title = "Order numbers",
  phase "expand" {
    create_sequence_if_missing { sequence = "shop.order_no" },
  },
}
