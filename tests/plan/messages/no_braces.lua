plan "no_braces" {
  title = "A gate without its braces",
  gate "5.3 is live",
  phase "expand" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
}
