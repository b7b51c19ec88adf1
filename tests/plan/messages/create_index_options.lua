plan "create_index_options" {
  title = "What an index takes, and how",
  phase "expand" {
    create_index_if_missing { table = "app.orders", columns = "user_id", unique = "true" },
    create_index_if_missing { table = "app.orders", column = "user_id" },
    create_index_if_missing { table = "app.orders", columns = { "user_id DESC", 3 } },
    create_index_if_missing { table = "app.orders", columns = "user_id", concurrently = true },
  },
}
