-- SQL over a column that is not there
plan "backfill_expression" {
  title = "Fills",
  phase "backfill" {
    backfill {
      table = "app.users",
      set = {
        nick = [[ split_part(mail,
                             '@', 1) ]],
      },
    },
  },
}
