-- a table, but nobody's shadow
plan "backfill_no_shadow" {
  title = "Orders in another shape",
  phase "fill" {
    backfill { shadow = "app.orgs" },
  },
}
