-- the values of the new type are not stored like those of the old one
plan "type_rewrite" {
  title = "Ages become longer",
  phase "change" {
    change_type { table = "app.users", column = "age", type = "bigint" },
  },
}
