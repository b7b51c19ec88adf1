-- the type is called otherwise
plan "add_enum_value_no_type" {
  title = "Orders are sent",
  phase "expand" {
    add_enum_value { type = "app.state", value = "sent" },
  },
}
