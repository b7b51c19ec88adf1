-- an index of that name is on another column
-- given: CREATE UNIQUE INDEX users_nick ON app.users (lower(nick))
plan "add_unique_name_taken" {
  title = "One nickname, one user",
  phase "expand" {
    add_unique { table = "app.users", columns = "nick", name = "users_nick" },
  },
}
