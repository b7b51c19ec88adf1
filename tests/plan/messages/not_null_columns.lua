plan "not_null_columns" {
  title = "Two columns at once",
  phase "expand" {
    set_not_null { table = "app.orders", columns = { "total", "status" } },
  },
}
