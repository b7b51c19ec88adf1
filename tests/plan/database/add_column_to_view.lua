-- a view has the columns of its query
plan "add_column_to_view" {
  title = "Open orders have a note",
  phase "expand" {
    add_column_if_missing { table = "app.open_orders", column = "note", type = "text" },
  },
}
