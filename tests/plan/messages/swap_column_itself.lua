plan "swap_column_itself" {
  title = "The new column has another name so far",
  phase "switch" {
    rename_swap_column { table = "app.orders", column = "total", with = "total", retire_as = "total_old" },
  },
}
