-- a function of our own, which nobody declared stable
-- given: CREATE FUNCTION app.new_token() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN random()::text; END'
plan "add_column_volatile" {
  title = "Users have a token",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "token", type = "text", default = "app.new_token()" },
  },
}
