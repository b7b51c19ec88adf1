-- a type that is called otherwise
plan "comment_type_missing" {
  title = "What the types mean",
  phase "describe" {
    comment_on { object = "type app.state", comment = "of an order" },
    comment_on { object = "index app.users_key", comment = "by number" },
    comment_on { object = "schema ap", comment = "the shop" },
  },
}
