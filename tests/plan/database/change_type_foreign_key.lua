-- the other side of the key would be of another type
plan "change_type_foreign_key" {
  title = "Numbers become texts",
  phase "change" {
    change_type { table = "app.users", column = "id", type = "numeric" },
  },
}
