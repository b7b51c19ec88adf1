-- an event without words
-- given: INSERT INTO app.events VALUES (2, '2025-03-01', NULL), (3, '2025-03-02', NULL)
plan "set_not_null_partition_nulls" {
  title = "Events have words",
  phase "expand" {
    set_not_null { table = "app.events", column = "what" },
  },
}
