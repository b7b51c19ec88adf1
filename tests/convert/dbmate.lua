-- What dbmate.sql does, in phases.  Written by interlock convert: read it before it runs.
plan "dbmate" {
  title = "add column seen_at to app.users, set the default of app.users.seen_at, fill app.users.seen_at, and 1 more",

  phase "expand" {
    -- line 2: ALTER TABLE app.users ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp() NOT NULL
    add_column_if_missing { table = "app.users", column = "seen_at", type = "timestamptz" },
    set_default { table = "app.users", column = "seen_at", default = "clock_timestamp()" },
  },

  phase "backfill" {
    -- line 2: ALTER TABLE app.users ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp() NOT NULL
    backfill { table = "app.users", set = { seen_at = "clock_timestamp()" }, volatile = true },
  },

  phase "constrain" {
    -- line 2: ALTER TABLE app.users ADD COLUMN seen_at timestamptz DEFAULT clock_timestamp() NOT NULL
    set_not_null { table = "app.users", column = "seen_at" },
  },
}
