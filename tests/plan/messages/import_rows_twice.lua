plan "media" {
  title = "The export of the browsers",

  phase "fill" {
    import_rows {
      into    = "app.media",
      file    = "import_rows.jsonl",
      format  = "jsonl",
      columns = { id = "id", url = "url", URL = "image_url" },
    },
  },
}
