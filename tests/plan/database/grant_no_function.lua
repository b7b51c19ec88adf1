-- which of the two
-- given: CREATE FUNCTION app.greet(bigint) RETURNS text LANGUAGE sql AS 'SELECT ''hello'''
-- given: CREATE FUNCTION app.greet(text) RETURNS text LANGUAGE sql AS 'SELECT ''hello'''
plan "grant_no_function" {
  title = "What the reports may call",
  phase "grant" {
    grant { privileges = "execute", on = "function app.greet", to = "pg_monitor" },
  },
}
