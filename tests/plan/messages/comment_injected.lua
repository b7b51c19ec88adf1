plan "comments" {
  title = "More than a comment",
  phase "describe" {
    comment_on {
      object  = "table app.users IS 'x'; DROP TABLE app.users; COMMENT ON TABLE app.orders",
      comment = "harmless",
    },
  },
}
