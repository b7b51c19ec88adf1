plan "sql_step_syntax" {
  title = "A slip in the third line",
  phase "expand" {
    sql_step {
      sql    = [[
        ALTER TABLE app.users SET (fillfactor = 90);
        ALTER TABLE app.orders SET (fillfactor = 90);
        ALTER TABEL app.orgs SET (fillfactor = 90);
      ]],
      undo   = false,
      reason = "room for HOT updates",
    },
  },
}
