-- nothing says when the old name may go
local rename = require "std.rename"

plan "std_rename_gate" {
  title = "Users are people",
  rename.table { table = "app.users", to = "people" },
}
