-- a role that nobody made
plan "create_schema_no_role" {
  title = "A schema for reports",
  phase "expand" {
    create_schema_if_missing {
      schema = "reports",
      owner  = "reporting_owner",
    },
  },
}
