plan "reporting_rights" {
  title = "What the reports may read",
  phase "grant" {
    grant { privileges = "select", on = "schema app", to = "reporting" },
    grant { privileges = { "selct", "update" }, on = "app.orders", to = "reporting" },
    grant { privileges = "usage", on = "app.orders_id_seq", to = "reporting" },
  },
}
