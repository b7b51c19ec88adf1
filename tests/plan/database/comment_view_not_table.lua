-- it is a view
plan "comment_view_not_table" {
  title = "What the tables mean",
  phase "describe" {
    comment_on { object = "table app.open_orders", comment = "not yet paid" },
  },
}
