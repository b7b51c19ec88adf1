plan "sync_lookup_fails" {
  title = "Two releases",
  phase "sync" {
    sync_columns {
      table = "app.posts",
      forward = { image_id = lookup { table = "app.storage", match = { key = "image_key" }, value = "id", missing = "error" } },
      back = { image_key = lookup { table = "app.storage", match = { id = "image_id" }, value = "key", missing = "null" } },
      both = "new",
    },
  },
}
