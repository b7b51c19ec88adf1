-- given: CREATE FUNCTION app.slow(id bigint) RETURNS bigint LANGUAGE plpgsql COST 100000 AS 'BEGIN PERFORM pg_sleep(0.01); RETURN id; END'
plan "expect_fast_slow" {
  title = "A query that takes its time",
  phase "verify" {
    expect_fast { query = "SELECT id FROM app.users WHERE app.slow(id) = 7", under = "2 ms", name = "one user by number" },
  },
}
