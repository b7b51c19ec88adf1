plan "change_to_serial" {
  title = "Users get numbers",
  phase "change" {
    change_type { table = "app.users", column = "id", type = "bigserial" },
  },
}
