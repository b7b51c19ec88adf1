plan "injected" {
  title = "A type that is more than a type",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      column = "seen_at",
      type   = "text; drop table users",
    },
  },
}
