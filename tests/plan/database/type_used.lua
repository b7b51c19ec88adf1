-- a view and a generated column use the column
plan "type_used" {
  title = "Totals become longer",
  phase "change" {
    change_type { table = "app.orders", column = "total", type = "numeric(12, 2)" },
  },
}
