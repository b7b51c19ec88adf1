-- the column that is referred to is left out
local orphans = require "std.orphans"

plan "std_orphans_reference" {
  title = "Orders have a customer",

  phase "orphans" {
    orphans.quarantine_then_reference {
      reason = "the customer is gone",
      foreign_keys = {
        { table = "app.orders", column = "customer_id", references = "app.customers", at_most = 268 },
      },
    },
  },
}
