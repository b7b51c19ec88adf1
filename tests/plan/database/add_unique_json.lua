-- json has no equality
-- given: CREATE TABLE app.settings (id bigint PRIMARY KEY, value json)
plan "add_unique_json" {
  title = "Settings",
  phase "expand" {
    add_unique { table = "app.settings", columns = "value" },
  },
}
