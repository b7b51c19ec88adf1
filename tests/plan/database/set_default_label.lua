-- a label that is not there
plan "set_default_label" {
  title = "New orders",
  phase "change" {
    set_default {
      table   = "app.orders",
      column  = "state",
      default = "'new'",
    },
  },
}
