-- a function has the column's name in its text
-- given: CREATE FUNCTION app.greet(bigint) RETURNS text LANGUAGE sql AS 'SELECT nick FROM app.users WHERE id = $1'
plan "rename_known" {
  title = "Nicknames are names",
  phase "switch" {
    rename_column { table = "app.users", column = "nick", to = "name" },
  },
}
