-- a view gives its columns their names itself
plan "rename_column_of_view" {
  title = "Totals",
  phase "switch" {
    rename_column { table = "app.open_orders", column = "total", to = "sum" },
  },
}
