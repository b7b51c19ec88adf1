-- the column has another type by now
-- given: CREATE TABLE app.orgs_kept (quarantine_id uuid PRIMARY KEY, quarantine_plan text, quarantine_run bigint, quarantine_step integer, quarantine_batch integer, quarantine_reason text, quarantine_at timestamptz, quarantine_note text, id integer, name text)
plan "quarantine_other_type" {
  title = "Organisations",
  phase "keep" {
    quarantine_table { like = "app.orgs", into = "app.orgs_kept" },
    quarantine { table = "app.orgs", into = "app.orgs_kept", where = "name = ''", reason = "no name" },
  },
}
