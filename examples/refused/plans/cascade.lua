-- CASCADE takes along whatever depends on it by the time it runs.
plan "cascade" {
  title = "The drafts go",
  phase "contract" {
    sql_step { sql = "DROP TABLE app.drafts CASCADE", undo = false, reason = "nobody writes drafts any more" },
  },
}
