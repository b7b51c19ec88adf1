-- a letter is missing in the neighbour
plan "add_enum_value_neighbour" {
  title = "Orders are sent",
  phase "expand" {
    add_enum_value {
      type  = "app.status",
      value = "sent",
      after = "payed",
    },
  },
}
