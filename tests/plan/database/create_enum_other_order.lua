-- the order is part of the type
plan "create_enum_other_order" {
  title = "States",
  phase "expand" {
    create_enum_if_missing { type = "app.status", values = { "paid", "open" } },
  },
}
