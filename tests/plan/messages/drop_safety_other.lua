plan "drop_safety_other" {
  title = "The safety period watches another table",
  safety_period "30 days" { unused = "app.orders_old" },
  phase "contract" { drop_table_if_exists { table = "app.users_old" } },
}
