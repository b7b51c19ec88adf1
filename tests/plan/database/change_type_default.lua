-- the default is of the old type
-- given: CREATE TABLE app.notes (id bigint PRIMARY KEY, kind text DEFAULT 'none')
plan "change_type_default" {
  title = "Notes become numbers",
  phase "change" {
    change_type { table = "app.notes", column = "kind", type = "app.status", using = "kind::app.status" },
  },
}
