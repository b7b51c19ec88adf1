plan "media" {
  title = "The export of the browsers",

  phase "fill" {
    import_rows {
      into    = "app.media",
      file    = "import_rows.jsonl",
      format  = "json",
      reject  = 10,
    },
    import_rows { into = "app.media", file = "import_rows.jsonl", format = "json" },
  },
}
