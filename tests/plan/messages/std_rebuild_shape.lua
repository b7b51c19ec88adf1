-- neither like nor columns
local rebuild = require "std.rebuild"

plan "std_rebuild_shape" {
  title = "Orders without test orders",
  rebuild.table { live = "app.orders", only_rows = "NOT is_test" },
}
