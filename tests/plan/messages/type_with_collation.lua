plan "type_with_collation" {
  title = "Names sort by bytes",
  phase "change" {
    change_type { table = "app.users", column = "name", type = 'text COLLATE "C"' },
  },
}
