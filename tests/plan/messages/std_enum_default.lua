-- a default without the quotes of SQL
local enum = require "std.enum"

plan "std_enum_default" {
  title = "The status is an enum",
  enum.from_text { table = "app.orders", column = "status", type = "app.status",
                   default = "open", gate = "all releases read the enum" },
}
