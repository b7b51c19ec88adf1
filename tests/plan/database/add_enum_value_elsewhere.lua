-- the label is there, in another place
plan "add_enum_value_elsewhere" {
  title = "Paid comes first",
  phase "expand" {
    add_enum_value { type = "app.status", value = "paid", before = "open" },
  },
}
