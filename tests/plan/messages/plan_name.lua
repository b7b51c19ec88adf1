plan "add nick to users!" {
  title = "A name that is a sentence",
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
