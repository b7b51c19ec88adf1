plan "allow" {
  title = "Drop the old orders when nobody reads them",
  gate "release 2 is live" { text = "Release 2 reads orders_v2." },
  safety_period "30 days" {
    unused = "app.orders_retired",
    allow = "one scan a night",
  },
  phase "contract" { drop_column_if_exists { table = "app.orders_retired", column = "total" } },
}
