-- a letter is missing
plan "sql_step_no_table" {
  title = "Room for updates",
  phase "expand" {
    sql_step {
      sql    = [[
        ALTER TABLE app.orders SET (fillfactor = 90);
        ALTER TABLE app.user SET (fillfactor = 90);
      ]],
      undo   = [[ ALTER TABLE app.orders RESET (fillfactor) ]],
      reason = "room for HOT updates",
    },
  },
}
