-- it numbers the rows itself
-- given: CREATE TABLE app.logins (no bigint GENERATED ALWAYS AS IDENTITY, who bigint)
plan "drop_not_null_identity" {
  title = "Numbers may be missing",
  phase "change" {
    drop_not_null { table = "app.logins", column = "no" },
  },
}
