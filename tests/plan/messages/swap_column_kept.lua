plan "swap_column_kept" {
  title = "Where the old one goes",
  phase "switch" {
    rename_swap_column { table = "app.orders", column = "total", with = "total_cents", retire_as = "total" },
  },
}
