plan "insert_expression" {
  title = "Rows of reference",
  phase "fill" {
    insert_rows { into = "app.countries", columns = "code, lower(name)", select = "SELECT code, name FROM app.old" },
    insert_rows { into = "app.cities", select = "DELETE FROM app.old RETURNING *" },
    insert_rows { into = "app.towns", select = "SELECT name FROM app.old", at_most = 0, on_conflict = "update" },
  },
}
