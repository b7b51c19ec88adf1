-- it belongs to somebody else
plan "create_schema_other_owner" {
  title = "A schema for reports",
  phase "expand" {
    create_schema_if_missing {
      schema = "app",
      owner  = "pg_monitor",
    },
  },
}
