plan "safety_number" {
  title = "Thirty of what",
  safety_period (30) { },
  phase "contract" { drop_table_if_exists { table = "app.users_old" } },
}
