-- a label was added by hand
plan "create_enum_other_labels" {
  title = "States",
  phase "expand" {
    create_enum_if_missing {
      type   = "app.status",
      values = { "open", "paid", "sent" },
    },
  },
}
