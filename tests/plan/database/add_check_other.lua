-- a check of that name is there, and allows more
-- given: ALTER TABLE app.users ADD CONSTRAINT adults CHECK (age >= 18) NOT VALID
plan "add_check_other" {
  title = "Only adults",
  phase "expand" {
    add_check { table = "app.users", name = "adults", check = "age >= 21" },
  },
}
