-- What mixed.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one mixed_2, mixed_3, mixed_4, mixed_5
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "mixed_1" {
  title = "create type mood, create table orders, index orders_note of orders, add column token to users, and 20 more",

  phase "expand" {
    -- line 4: CREATE TYPE mood AS ENUM ('sad', 'o''k')
    create_enum_if_missing { type = "mood", values = { "sad", "o'k" } },

    -- line 5: CREATE TABLE orders ( id bigint PRIMARY KEY, -- a comment note text DEFAULT 'x;y', …
    create_table_if_missing {
      table = "orders",
      columns = [[
        id bigint PRIMARY KEY,
        -- a comment
        note text DEFAULT 'x;y',
        feeling mood,
        user_id bigint REFERENCES users (id)
      ]],
    },

    -- line 12: CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_note ON orders USING gin (note gin_trgm_ops …
    create_index_if_missing {
      table = "orders",
      columns = "note gin_trgm_ops",
      name = "orders_note",
      using = "gin",
      where = "note <> 'a' AND user_id > 3",
    },

    -- line 13: ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()
    add_column_if_missing { table = "users", column = "token", type = "uuid" },
    set_default { table = "users", column = "token", default = "gen_random_uuid()" },

    -- line 13: ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 3 CHECK (age > 0)
    add_column_if_missing { table = "users", column = "age", type = "int", default = "3" },
    set_not_null { table = "users", column = "age" },
    add_check { table = "users", name = "users_age_check", check = "age > 0" },

    -- line 14: ALTER TABLE users ALTER COLUMN email SET NOT NULL
    set_not_null { table = "users", column = "email" },

    -- line 14: ALTER TABLE users ADD CONSTRAINT e UNIQUE (email)
    add_unique { table = "users", columns = "email", name = "e" },

    -- line 15: ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (org_id) REFERENCES orgs (id) ON DELETE CA …
    -- validates it too, which line 16 of the file does
    add_foreign_key {
      table = "users",
      column = "org_id",
      references = "orgs(id)",
      on_delete = "cascade",
      name = "fk",
    },
  },

  phase "backfill" {
    -- line 13: ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()
    backfill { table = "users", set = { token = "gen_random_uuid()" }, volatile = true },

    -- line 17: UPDATE users SET age = 18, "Full Name" = first || ' ' || "Last" WHERE age IS NOT NULL
    backfill {
      table = "users",
      set = { age = "18", ['"Full Name"'] = [[ first || ' ' || "Last" ]] },
      where = [[ (age IS NOT NULL) AND (age IS DISTINCT FROM (18) OR "Full Name" IS DISTINCT FROM (first || ' ' || "Last")) ]],
      keep_old = true,
    },

    -- line 18: UPDATE users SET visits = visits + 1
    -- DECIDE: the new value depends on the old one, so it must be given once to each row: in batches that
    --   needs a column that says which rows have it; one statement holds the locks of all its rows
    sql_step { sql = "UPDATE users SET visits = visits + 1", undo = false },

    -- line 19: DELETE FROM users WHERE email IS NULL
    -- DECIDE: how many rows may go at most? at_most = … stops before the first where there are more
    quarantine { table = "users", where = "email IS NULL", reason = "the migration deletes them (line 19)" },
  },

  phase "constrain" {
    -- line 13: ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()
    set_not_null { table = "users", column = "token" },
  },

  gate "nobody uses it any more" {
    text = "which release was the last to use what is dropped below, and who knows that it is gone?",
  },
  safety_period "30 days" { },

  phase "contract" {
    -- line 14: ALTER TABLE users DROP COLUMN "Nick"
    drop_column_if_exists { table = "users", column = '"Nick"', archive = "90 days" },
  },

  gate "the new release is ready" {
    text = "which release works with what is switched now, and who says that it may go on?",
  },

  phase "switch" {
    -- line 21: ALTER TABLE users RENAME TO people
    rename_table { table = "users", to = "people", keep_view = true },

    -- line 22: ALTER TABLE people RENAME COLUMN age TO years
    -- DECIDE: statements that name the old column fail from here on, those that name the new one before:
    --   where no moment of that is acceptable, add a second column, keep both alike with sync_columns, and
    --   drop the old one when nobody uses it
    rename_column { table = "people", column = "age", to = "years" },
  },

  phase "expand 2" {
    -- line 23: CREATE INDEX ON people (years)
    create_index_if_missing { table = "people", columns = "years" },

    -- line 25: CREATE VIEW v AS SELECT * FROM people WHERE x = '1'
    create_view { view = "v", query = "SELECT * FROM people WHERE x = '1'" },

    -- line 26: COMMENT ON TABLE people IS 'who''s who'
    comment_on { object = "TABLE people", comment = "who's who" },

    -- line 27: GRANT SELECT, INSERT ON people TO bob
    grant { privileges = { "select", "insert" }, on = "people", to = "bob" },
  },

  gate "nobody uses it any more 2" {
    text = "which release was the last to use what is dropped below, and who knows that it is gone?",
  },
  safety_period "30 days" { },

  phase "contract 2" {
    -- line 21: ALTER TABLE users RENAME TO people
    -- the view that kept the old name alive
    drop_view_if_exists { view = "users" },
  },
}

-- What mixed.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one mixed_1, mixed_3, mixed_4, mixed_5
plan "mixed_2" {
  title = "insert rows into kinds",

  phase "data" {
    -- line 20: INSERT INTO kinds (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT DO NOTHING
    insert_rows { into = "kinds", columns = "a, b", select = "VALUES (1, 'x'), (2, 'y')" },
  },
}

-- What mixed.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one mixed_1, mixed_2, mixed_4, mixed_5
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "mixed_3" {
  title = 'drop table old_things, drop table "Older Things"',

  gate "nobody uses it any more" {
    text = "which release was the last to use what is dropped below, and who knows that it is gone?",
  },
  safety_period "30 days" { unused = { "old_things", '"Older Things"' } },

  phase "contract" {
    -- line 24: DROP TABLE old_things, "Older Things" CASCADE
    -- DECIDE: CASCADE would take along what depends on it; this step refuses then and names it: drop that
    --   first, in steps of its own
    drop_table_if_exists { table = "old_things", archive = "90 days" },
    -- DECIDE: CASCADE would take along what depends on it; this step refuses then and names it: drop that
    --   first, in steps of its own
    drop_table_if_exists { table = '"Older Things"', archive = "90 days" },
  },
}

-- What mixed.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one mixed_1, mixed_2, mixed_3, mixed_5
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "mixed_4" {
  title = "ALTER TABLE files ADD COLUMN size_text text GENERATED ALWAYS …",

  phase "expand" {
    -- line 28: ALTER TABLE files ADD COLUMN size_text text GENERATED ALWAYS AS (size::text) STORED
    -- DECIDE: a stored generated column rewrites the whole table under ACCESS EXCLUSIVE; where it is large,
    --   add a plain column and fill it: backfill keeps it up to date, but only while the plan is open
    sql_step {
      sql = "ALTER TABLE files ADD COLUMN size_text text GENERATED ALWAYS AS (size::text) STORED",
      undo = "ALTER TABLE files DROP COLUMN size_text",
    },
  },
}

-- What mixed.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one mixed_1, mixed_2, mixed_3, mixed_4
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "mixed_5" {
  title = "DO $$ BEGIN PERFORM 1; END $$",

  phase "data" {
    -- line 30: DO $$ BEGIN PERFORM 1; END $$
    -- DECIDE: what this does can't be told from its text: say it in steps instead, or read it, and say in
    --   undo what takes it back
    sql_step { sql = "DO $$ BEGIN PERFORM 1; END $$", undo = false },
  },
}
