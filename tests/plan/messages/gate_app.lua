plan "gate_app" {
  title = "Half of a condition",
  gate "checkout is live" { app = "checkout" },
  gate "billing is live" { at_least = "5.3" },
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
