-- a schema that nobody made
plan "create_enum_no_schema" {
  title = "States",
  phase "expand" {
    create_enum_if_missing { type = "shop.status", values = { "open", "paid" } },
  },
}
