plan "drop_too_soon" {
  title = "A drop without a safety period",
  phase "contract" {
    drop_column_if_exists { table = "app.users", column = "nick" },
  },
}
