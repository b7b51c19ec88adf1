-- a way back that leads elsewhere
plan "sync_lossy" {
  title = "Fills",
  phase "expand" {
    sync_columns { table = "app.users", forward = { nick = "lower(email)" }, back = { email = "nick || '!'" } },
  },
}
