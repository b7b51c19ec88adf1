-- the new name is given with a schema
local rename = require "std.rename"

plan "std_rename_schema" {
  title = "Users are people",
  rename.table { table = "app.users", to = "app.people", gate = "N is live" },
}
