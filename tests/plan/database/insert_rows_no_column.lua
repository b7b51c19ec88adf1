-- a letter is missing
plan "insert_rows_no_column" {
  title = "Organisations",
  phase "backfill" {
    insert_rows {
      into    = "app.orgs",
      columns = "id, nam",
      select  = "VALUES (3, 'three')",
    },
  },
}
