-- the labels are those of the type, which exists
local enum = require "std.enum"

plan "std_enum_values" {
  title = "The status is an enum",
  enum.from_text { table = "app.orders", column = "status", type = "app.status", values = { "open", "paid" },
                   gate = "all releases read the enum" },
}
