plan "grant_nobody" {
  title = "To whom, what, and on what",
  phase "grant" {
    grant { privileges = "select", on = "app.orders", to = { } },
    grant { privileges = { }, on = "app.orders", to = "reporting" },
    grant { select = "app.orders", to = "reporting" },
    grant { privileges = "select", on = "app.orders", to = "public", with_grant_option = true },
  },
}
