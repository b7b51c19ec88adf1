plan "create_schema_dot" {
  title = "A schema is in no other",
  phase "expand" {
    create_schema_if_missing { schema = "app.reports" },
    create_schema_if_missing { name = "reports" },
  },
}
