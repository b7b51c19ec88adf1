plan "sync_lookup_circle" {
  title = "Two releases",
  phase "sync" {
    sync_columns {
      table = "app.posts",
      forward = { image_id = lookup { table = "app.storage", match = { id = "image_id" }, value = "id", missing = "null" } },
      back = { image_key = lookup { table = "app.storage", match = { id = "image_id" }, value = "key", missing = "null" } },
      both = "new",
    },
  },
}
