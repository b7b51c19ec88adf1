local not_null = require "std.not_null"

plan "std_not_null_fill" {
  title = "Each user has an address",
  not_null.set { table = "app.users", column = "email", fill = "lower(login", at_most = 0 },
}
