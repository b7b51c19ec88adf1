plan "standby_password" {
  title = "Drop the old orders when nobody reads them",
  standbys = {
    "host=db2 port=5432",
    "postgresql://reader:secret@db3/shop",
  },
  gate "release 2 is live" { text = "Release 2 reads orders_v2." },
  safety_period "30 days" { unused = "app.orders_retired" },
  phase "contract" { drop_column_if_exists { table = "app.orders_retired", column = "total" } },
}
