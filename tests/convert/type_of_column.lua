-- What type_of_column.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one type_of_column_2
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "type_of_column_1" {
  title = "change items.name to varchar(100), change items.total to bigint, change items.id to bigint",

  phase "expand" {
    -- line 4: ALTER TABLE items ALTER COLUMN name TYPE varchar(100)
    change_type { table = "items", column = "name", type = "varchar(100)" },

    -- line 5: ALTER TABLE items ALTER COLUMN total TYPE bigint
    add_column_if_missing { table = "items", column = "total_new", type = "bigint" },
    sync_columns {
      table = "items",
      forward = { total_new = "total" },
      back = { total = "total_new::integer" },
      both = "error",
    },

    -- line 6: ALTER TABLE items ALTER COLUMN id TYPE bigint
    -- DECIDE: this writes or reads all rows, which change_type refuses, and a second column can't take over
    --   for this one here (it is in a primary key, computed, or shares an index with another one that
    --   changes): a parallel_table of the new shape can
    change_type { table = "items", column = "id", type = "bigint" },
  },

  phase "backfill" {
    -- line 5: ALTER TABLE items ALTER COLUMN total TYPE bigint
    backfill { table = "items", set = { total_new = "total" } },
  },

  phase "constrain" {
    -- line 5: ALTER TABLE items ALTER COLUMN total TYPE bigint
    add_check { table = "items", name = "items_total_new_check", check = "(total_new >= 0)" },
    create_index_if_missing { table = "items", columns = "total_new, id", unique = true },
    set_not_null { table = "items", column = "total_new" },
  },

  gate "the new release is ready" {
    text = "which release works with what is switched now, and who says that it may go on?",
  },

  phase "switch" {
    -- line 5: ALTER TABLE items ALTER COLUMN total TYPE bigint
    rename_swap_column { table = "items", column = "total", with = "total_new", retire_as = "total_old" },
  },

  -- until then undo switches back, with all that was written since
  gate "the old column is not needed any more" {
    text = "who says that the release stays, and the values in the new type are right?",
  },
}

-- What type_of_column.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one type_of_column_1
plan "type_of_column_2" {
  title = "drop the old column total_old of items",

  gate "nobody uses it any more" {
    text = "which release was the last to use what is dropped below, and who knows that it is gone?",
  },
  safety_period "30 days" { },

  phase "contract" {
    -- line 5: ALTER TABLE items ALTER COLUMN total TYPE bigint
    -- when the plan that switches is done: the triggers that fill the columns go with it
    drop_column_if_exists { table = "items", column = "total_old", archive = "90 days" },
  },
}
