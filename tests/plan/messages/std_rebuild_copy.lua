-- what the library hands on is checked by the primitive
local rebuild = require "std.rebuild"

plan "std_rebuild_copy" {
  title = "Orders in cents",
  rebuild.table { live = "app.orders", like = true, changes = { type = { total = "bigint" } },
                  copy = { total = "round(total * 100" }, copy_back = { total = "total / 100.0" } },
}
