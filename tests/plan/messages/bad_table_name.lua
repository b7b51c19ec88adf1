plan "names" {
  title = "A name that needs quotes",
  phase "expand" {
    add_column_if_missing { table = "bazaar-vid_message", column = "image_urls", type = "jsonb" },
  },
}
