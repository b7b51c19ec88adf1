plan "expect_table_too_much" {
  title = "What expect_table can't look at",
  phase "verify" {
    expect_table { table = "app.orders", columns = "id bigint, user_id bigint REFERENCES app.users" },
    expect_table { table = "app.orders", columns = "LIKE app.orders_old" },
    expect_table { table = "app.orders", columns = "id, user_id" },
    expect_table { table = "app.orders", kind = "partitioned" },
    expect_fast { query = "SELECT 1", under = 100 },
    expect_fast { query = "SELECT * FROM app.orders WHERE id = $1", under = "0 ms" },
  },
}
