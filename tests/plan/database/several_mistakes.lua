-- all are told at once
plan "several_mistakes" {
  title = "Three slips in one plan",
  phase "expand" {
    add_column_if_missing { table = "app.user", column = "seen_at", type = "timestamptz" },
    set_not_null { table = "app.orders", column = "totl" },
    add_check { table = "app.orgs", check = "length(title) > 0" },
  },
}
