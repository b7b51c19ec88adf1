plan "change_type_using_word" {
  title = "The word that stands before the expression in SQL",
  phase "change" {
    change_type { table = "app.users", column = "age", type = "text", using = "USING age::text" },
    change_type { table = "app.users", column = "age", to = "bigint" },
  },
}
