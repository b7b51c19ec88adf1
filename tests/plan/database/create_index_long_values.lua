-- a value is too long for a page
-- given: CREATE TABLE app.pages (id bigint PRIMARY KEY, body text)
-- given: INSERT INTO app.pages SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, 1000) n
plan "create_index_long_values" {
  title = "Events are found by their words",
  phase "expand" {
    create_index_if_missing { table = "app.pages", columns = "body" },
  },
}
