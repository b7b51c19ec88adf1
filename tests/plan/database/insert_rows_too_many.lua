-- three rows, two are allowed
plan "insert_rows_too_many" {
  title = "Organisations for all",
  phase "backfill" {
    insert_rows {
      into    = "app.orgs",
      columns = "id, name",
      select  = "SELECT id + 100, email FROM app.users",
      at_most = 2,
    },
  },
}
