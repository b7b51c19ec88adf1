plan "create_index_where_word" {
  title = "The word that stands before a condition in SQL",
  phase "expand" {
    create_index_if_missing {
      table   = "app.orders",
      columns = "user_id",
      where   = "WHERE state = 'open'",
    },
  },
}
