local tenant = param "tenant" { kind = "identifier", default = '"Acme Shop"' }

plan "quoted_twice" {
  title = "A name that has its quotes already",
  phase "check" {
    expect_no_rows {
      query = sql([[
        SELECT id FROM :"tenant".users WHERE name IS NULL
      ]], { tenant = tenant }),
    },
  },
}
