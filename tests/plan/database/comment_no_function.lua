-- the types of the arguments are others
-- given: CREATE FUNCTION app.greet(bigint) RETURNS text LANGUAGE sql AS 'SELECT ''hello'''
plan "comment_no_function" {
  title = "What the functions do",
  phase "describe" {
    comment_on { object = "function app.greet(int)", comment = "says hello" },
  },
}
