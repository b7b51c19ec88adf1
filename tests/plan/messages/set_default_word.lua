plan "set_default_word" {
  title = "A default is SQL, in a text",
  phase "change" {
    set_default { table = "app.orders", column = "state", default = "open" },
    set_default { table = "app.orders", column = "total", default = 0 },
    set_default { table = "app.orders", column = "made_at", default = "now(" },
  },
}
