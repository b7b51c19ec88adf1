-- not in that version
plan "create_extension_version" {
  title = "Text without case",
  phase "expand" {
    create_extension_if_missing {
      extension = "citext",
      version   = "99",
    },
  },
}
