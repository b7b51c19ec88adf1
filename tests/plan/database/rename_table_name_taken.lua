-- the name belongs to an index
plan "rename_table_name_taken" {
  title = "People",
  phase "switch" {
    rename_table {
      table = "app.users",
      to    = "users_pkey",
    },
  },
}
