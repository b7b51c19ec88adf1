local change_type = require "std.change_type"

plan "std_change_type_from" {
  title = "Orders count in larger numbers",
  change_type.change { table = "app.orders", column = "product", type = "bigint", gate = "all read bigint" },
}
