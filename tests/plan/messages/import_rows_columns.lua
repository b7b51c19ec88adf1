plan "media" {
  title = "The export of the browsers",

  phase "fill" {
    import_rows {
      into = "app.media", file = "import_rows.jsonl", format = "jsonl",
      columns = "id, lower(url)",
    },
    import_rows { into = "app.media", file = "import_rows.jsonl", format = "jsonl", columns = { 1, 2 } },
  },
}
