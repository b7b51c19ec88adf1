plan "default_null" {
  title = "A default that is none",
  phase "expand" {
    set_default { table = "app.orders", column = "status", default = "NULL::text" },
  },
}
