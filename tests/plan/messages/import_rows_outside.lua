plan "media" {
  title = "The export of the browsers",

  phase "fill" {
    import_rows {
      into   = "app.media",
      file   = "/etc/passwd",
      format = "csv",
    },
  },
}
