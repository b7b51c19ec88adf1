-- an option that quarantine has, and std.orphans not
local orphans = require "std.orphans"

plan "std_orphans_typo" {
  title = "Orders have a customer",

  phase "orphans" {
    orphans.quarantine_then_reference {
      reason = "the customer is gone",
      foreign_keys = {
        { table = "app.orders", column = "customer_id", references = "app.customers(id)", atmost = 268 },
      },
    },
  },
}
