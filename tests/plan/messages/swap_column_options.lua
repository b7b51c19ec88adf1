plan "swap_column_options" {
  title = "What rename_column and rename_swap say",
  phase "switch" {
    rename_swap_column { table = "app.orders", column = "total", to = "total_cents" },
    rename_swap_column { table = "app.orders", column = "total", with = "app.orders.total_cents", retired_as = "total_old" },
  },
}
