-- A text key becomes a foreign key: posts.image_key becomes posts.image_id.
--
--   local keys = require "std.keys"
--
--   keys.replace_text_key { table = "posts", column = "image_key", id_column = "image_id",
--                           references = "storage(id)", key = "key", gate = "release N+1 is live" }
--
-- Until the gate both releases may be live: each writes its own column, and reads what the other wrote. The phases,
-- which several calls in one plan share:
--
--   expand         the id column, and triggers that keep it and the key alike
--   backfill       ids for the rows that are there, and their index
--   verify         each key has its row in the other table; else they are listed, and the plan stops
--   constrain      the foreign key
--   gate           nobody reads or writes the keys any more
--   safety_period
--   hand over      each key has its id; undo gives the keys of ids that were written since
--   contract       the triggers go, and the keys, which are archived
--
-- A key has no row? Insert it, or set the key to NULL, and run again; or missing = "quarantine" moves the rows with
-- such keys aside. A key whose row is deleted, or gets another key, is such a key from then on. The gate is passed by
-- hand, or as the plan's own gate of the same label says.
local keys = {}

-- "storage(id)" is the table storage and its column id.
local function split(references)
  local parent, id = references:match("^(.-)%s*%(([^()]+)%)$")
  return parent or references, id or "id"
end

-- app."Posts" is "Posts" where a query says whose column it means.
local function alias_of(name) return name:match('"[^"]*"$') or name:match("[^.]+$") end

-- Rows whose key leads nowhere.
local function is_lost(t)
  return sql([[ :column IS NOT NULL AND NOT EXISTS (SELECT FROM :parent AS s WHERE s.:key = :alias.:column) ]], t)
end

local function expect_keys_have_rows(t)
  return expect_no_rows {
    query = sql([[ SELECT :column, count(*) AS rows FROM :table AS :alias WHERE ]], t) .. is_lost(t) ..
            "GROUP BY 1 ORDER BY 1",
    message = sql("each :column of :table has its row in :parent", t),
  }
end

local function expect_keys_have_ids(t)
  return expect_no_rows {
    query = sql([[
      SELECT :column, count(*) AS rows FROM :table
       WHERE :column IS NOT NULL AND :id_column IS NULL GROUP BY 1 ORDER BY 1 ]], t),
    message = sql("each :column of :table has its :id_column", t),
  }
end

local function quarantine_lost_keys(t)
  return quarantine { table = t.table, where = is_lost(t), at_most = t.at_most, triggers = t.triggers,
                      reason = sql("its :column has no row in :parent", t) }
end

-- Puts a foreign key into the place of a text key.
function keys.replace_text_key(given)
  local t = options(given, {
    table = { "table", help = "the table that has the text key" },
    column = { "column", help = "the text key" },
    id_column = { "column", help = "the new column, which refers to the other table" },
    references = { "text", help = 'the other table and its id, as "storage(id)"' },
    key = { "column", default = "key", help = "the column of the other table that holds the text key; it is unique" },
    type = { "type", default = "bigint", help = "the type of the id" },
    on_delete = { "choice", choices = { "set null", "restrict", "no action" }, default = "set null",
                  help = "what becomes of the id when its row is deleted" },
    missing = { "choice", choices = { "stop", "quarantine" }, default = "stop",
                help = "what is done with rows whose key has no row in the other table" },
    at_most = { "integer", default = 1000, min = 1, help = "how many rows may go into quarantine" },
    triggers = { "choice?", choices = { "fire", "skip" }, help = "whether the table's own triggers see it" },
    gate = { "text", help = "what must be true before the keys may go" },
    safety = { "interval", default = "30 days", help = "how long after the gate they stay" },
    archive = { "interval", default = "90 days", help = "how long they are kept when they are gone" },
  })
  t.parent, t.id = split(t.references)
  t.alias = alias_of(t.table)

  local id = lookup { table = t.parent, match = { [t.key] = t.column }, value = t.id, missing = "null" }
  local key = lookup { table = t.parent, match = { [t.id] = t.id_column }, value = t.key, missing = "null" }

  return fragment {
    name = sql("replace_text_key of :table.:column", t),

    phase "expand" {
      add_column_if_missing { table = t.table, column = t.id_column, type = t.type },
      sync_columns { table = t.table, forward = { [t.id_column] = id }, back = { [t.column] = key }, both = "new" },
    },
    phase "backfill" {
      backfill { table = t.table, set = { [t.id_column] = id }, triggers = t.triggers,
                 where = sql([[ :id_column IS NULL AND :column IS NOT NULL ]], t) },
      create_index_if_missing { table = t.table, columns = t.id_column },
      t.missing == "quarantine" and quarantine_lost_keys(t) or nil,
    },
    phase "verify" { expect_keys_have_rows(t) },
    phase "constrain" {
      add_foreign_key { table = t.table, column = t.id_column, references = t.references, on_delete = t.on_delete },
    },
    gate (t.gate) {},
    safety_period (t.safety) {},
    phase "hand over" {
      expect_keys_have_ids(t),
      sql_step {
        sql = "SELECT 1",
        undo = sql([[
          UPDATE :table AS t SET :column = s.:key FROM :parent AS s
           WHERE s.:id = t.:id_column AND t.:column IS DISTINCT FROM s.:key;
          UPDATE :table SET :column = NULL WHERE :column IS NOT NULL AND :id_column IS NULL ]], t),
        reason = sql("only undo: :column of :table as :id_column says by then", t),
      },
    },
    phase "contract" {
      drop_sync { table = t.table, column = t.column },
      drop_sync { table = t.table, column = t.id_column },
      drop_column_if_exists { table = t.table, column = t.column, archive = t.archive },
    },
  }
end

-- Tells in phase "verify" how many rows nobody refers to, such as files that nobody shows; it stops nothing.
--
--   keys.report_unused { references = "storage(id)",
--                        by = { posts = "image_id", ['"user"'] = "image_id" } }
function keys.report_unused(given)
  local t = options(given, {
    references = { "text", help = 'the table and its id, as "storage(id)"' },
    by = { "map of column", help = "the tables that refer to it, each with its column" },
  })
  local parent, id = split(t.references)
  local used = {}
  for referring, column in pairs(t.by) do
    used[#used + 1] = sql([[ EXISTS (SELECT FROM :table AS t WHERE t.:column = s.:id) ]],
                          { table = referring, column = column, id = id })
  end
  return fragment {
    phase "verify" {
      expect_rows_between {
        query = sql([[ SELECT FROM :parent AS s WHERE NOT ]], { parent = parent }) .. table.concat(used, "AND NOT"),
        max = 1000000000, name = sql("rows of :parent that nobody refers to", { parent = parent }),
      },
    },
  }
end

return keys
