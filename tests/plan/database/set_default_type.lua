-- a word is no number
plan "set_default_type" {
  title = "Ages",
  phase "change" {
    set_default {
      table   = "app.users",
      column  = "age",
      default = "'young'",
    },
  },
}
