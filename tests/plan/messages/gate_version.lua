plan "gate_version" {
  title = "A version is a text",
  gate "billing is live" { app = "billing", at_least = 5.3 },
  gate "checkout is live" { app = "checkout", at_least = "five" },
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
