-- it is there, in another schema
-- given: CREATE EXTENSION citext SCHEMA app
plan "create_extension_elsewhere" {
  title = "Text without case",
  phase "expand" {
    create_extension_if_missing { extension = "citext", schema = "public" },
  },
}
