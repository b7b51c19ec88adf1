-- BEGIN and COMMIT of one's own: what is between them is no longer one with the record of it.
plan "own_transaction" {
  title = "Prices are rounded",
  phase "data" {
    sql_step {
      sql = [[
        BEGIN;
        UPDATE app.orders SET total = round(total, 2);
        COMMIT;
      ]],
      undo = false,
    },
  },
}
