plan "create_extension_if_exists" {
  title = "An extension and its version",
  phase "expand" {
    create_extension_if_missing { name = "citext" },
    create_extension_if_missing { extension = "citext", version = 1.6 },
  },
}
