plan "add_check_with_word" {
  title = "The word that stands before a check in SQL",
  phase "expand" {
    add_check { table = "app.orders", check = "CHECK (total > 0)" },
  },
}
