plan "swap_column_crossed" {
  title = "Both change names",
  phase "switch" {
    rename_swap_column { table = "app.orders", column = "total", with = "total_cents", retire_as = "total_cents" },
  },
}
