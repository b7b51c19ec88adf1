plan "drop_registry" {
  title = "An archive that somebody wants to be rid of",
  phase "contract" {
    drop_table_if_exists { table = "interlock.retired_7_3", loses = "it is in the way" },
  },
}
