-- A phase that adds one thing and takes away another: neither can be undone, nor wait, alone.
plan "mixed" {
  title = "Users have image urls",
  safety_period "30 days" { unused = "app.drafts" },
  phase "add image urls" {
    add_column_if_missing { table = "app.users", column = "image_urls", type = "jsonb" },
    drop_table_if_exists { table = "app.drafts", archive = "90 days" },
  },
}
