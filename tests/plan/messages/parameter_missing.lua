local tenant = param "tenant" { kind = "identifier" }
plan "parameter_missing" {
  title = "For one of many tenants",
  phase "expand" {
    add_column_if_missing { table = sql([[ :"tenant".users ]], { tenant = tenant }), column = "nick", type = "text" },
  },
}
