tenant = "acme"
plan "global" { title = "A global variable" }
