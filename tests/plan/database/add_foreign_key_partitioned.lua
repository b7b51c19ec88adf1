-- PostgreSQL before 18 takes none that is not validated
plan "add_foreign_key_partitioned" {
  title = "Events have a user",
  phase "expand" {
    add_foreign_key { table = "app.events", column = "id", references = "app.users" },
  },
}
