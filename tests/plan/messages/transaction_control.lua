plan "commits" {
  title = "A COMMIT in a step",
  phase "expand" {
    sql_step { sql = [[ CREATE TABLE app.a (id int); COMMIT ]], undo = false, reason = "because" },
  },
}
