plan "schema" {
  title = "A name that is taken",
  phase "expand" {
    create_schema_if_missing { schema = "pg_app" },
    create_extension_if_missing { extension = "uuid-ossp" },
  },
}
