plan "empty" {
  title = "A phase that does nothing",
  phase "expand" { },
}
