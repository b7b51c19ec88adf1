-- text does not become a number by itself
plan "change_type_no_cast" {
  title = "Nicknames are numbers",
  phase "change" {
    change_type { table = "app.users", column = "email", type = "integer" },
  },
}
