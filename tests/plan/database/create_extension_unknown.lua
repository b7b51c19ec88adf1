-- not on this server
plan "create_extension_unknown" {
  title = "Places",
  phase "expand" {
    create_extension_if_missing { extension = "postgiss" },
  },
}
