plan "allow_nothing" {
  title = "Drop the old total when time has passed",
  gate "release 2 is live" { text = "Release 2 reads total_cents." },
  safety_period "30 days" { allow = "1 scan a day" },
  phase "contract" { drop_column_if_exists { table = "app.orders", column = "total" } },
}
