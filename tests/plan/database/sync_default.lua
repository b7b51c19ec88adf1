-- a default that hides what was given
plan "sync_default" {
  title = "Fills",
  phase "expand" {
    sync_columns { table = "app.users", forward = { age = "extract(year FROM \"createdAt\")" }, back = { ['"createdAt"'] = "make_date(age, 1, 1)" }, both = "new" },
  },
}
