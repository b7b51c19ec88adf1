-- A value is looked up, and nobody says what becomes of rows that find none.  Days later NOT NULL fails.
plan "null_unsaid" {
  title = "Posts refer to their author",
  phase "data" {
    backfill {
      table = "app.posts",
      set = { author_id = lookup { table = "app.users", match = { email = "author" }, value = "id" } },
    },
  },
}
