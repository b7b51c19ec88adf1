-- the schema is not there
plan "create_extension_no_schema" {
  title = "Text without case",
  phase "expand" {
    create_extension_if_missing { extension = "citext", schema = "extensions" },
  },
}
