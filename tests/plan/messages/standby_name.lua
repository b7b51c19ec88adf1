plan "standby_name" {
  title = "Drop the old orders when nobody reads them",
  standbys = "db2",
  gate "release 2 is live" { text = "Release 2 reads orders_v2." },
  safety_period "30 days" { unused = "app.orders_retired" },
  phase "contract" { drop_column_if_exists { table = "app.orders_retired", column = "total" } },
}
