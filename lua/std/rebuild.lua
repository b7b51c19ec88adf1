-- A table is rebuilt beside itself, in another shape or without some of its rows, while it is in use.
--
--   local rebuild = require "std.rebuild"
--
--   rebuild.table { live = "app.orders", like = true, only_rows = "NOT is_test",
--                   changes = { type = { total = "bigint" } },
--                   copy = { total = "round(total * 100)::bigint" },
--                   copy_back = { total = "total / 100.0" },
--                   gate = "checkout 5.3 is live", safety = "30 days" }
--
-- The phases, which several calls in one plan share:
--
--   expand         the second table, and triggers that note what is written to the live one
--   backfill       its rows; then indexes and other steps of constrain = { … }
--   verify         both tables have the same rows, and steps of expect = { … }
--   gate           whoever uses the table can do with its new shape; without gate there is none
--   switch         the second table has the name, in milliseconds; the live one has another
--   safety_period  nobody may read the retired table meanwhile: a read starts the period again
--   contract       it goes, and is archived
--
-- Until the contract the retired table follows what is written, so undo of the switch has all of it: rows that
-- only_rows left behind, and those that were written since. For each column whose value copy derives, copy_back says
-- the way back. Where there is none sync_back = false does without: the switch can't be undone then.
--
-- The rows that only_rows leaves behind go with the retired table: after the contract only its archive has them.
local rebuild = {}

-- app."Orders" and app."Orders_new".
local function named(name, behind)
  local before, quoted = name:match('^(.*)"([^"]*)"$')
  return quoted and ('%s"%s%s"'):format(before, quoted, behind) or name .. behind
end

-- Puts a table of another shape, or with fewer rows, into the place of a live one.
function rebuild.table(given)
  local t = options(given, {
    live = { "table", help = "the table that is in use, whose name stays" },
    like = { "boolean", default = false, help = "it is made as the live table is; with changes, where there are any" },
    changes = { "any?", help = "of like = true, as of parallel_table: { add = { … }, drop = { … }, type = { … } }" },
    columns = { "text?", help = "instead of like: its whole definition, as inside CREATE TABLE (…)" },
    only_rows = { "sql predicate?", help = "which rows it gets; all of them if it is left out" },
    copy = { "map of any?", help = "how a row becomes one of it: columns, and SQL over the live row; else by name" },
    copy_back = { "map of any?", help = "the same the other way, for what is written after the switch" },
    sync_back = { "boolean", default = true, help = "the retired table follows, so that the switch can be undone" },
    shadow = { "table?", help = "its name until the switch; if it is left out the table's and _new" },
    retire_as = { "table?", help = "the live table's name behind it; if it is left out the table's and _retired" },
    constrain = { "list of any?", help = "steps that give it what it lacks once it is filled, as indexes" },
    expect = { "list of any?", help = "what else must hold before the switch: expect_equal and others" },
    leaves = { "list of text?", help = "as of rename_swap: what stays with the retired table" },
    log_limit = { "text?", help = "as of parallel_table" },
    gate = { "text?", help = "what must be true before the switch: who uses the table can do with its new shape" },
    safety = { "interval", default = "30 days", help = "how long nobody may have read the retired table" },
    archive = { "interval", default = "90 days", help = "how long it is kept when it is gone" },
  })
  if t.like == (t.columns ~= nil) then
    error(t.like and '"columns" of table is a shape of its own: leave it out, or like = true'
          or "nothing says what the new table looks like: give like = true, with changes if need be, or columns", 2)
  end
  local shadow, retired = t.shadow or named(t.live, "_new"), t.retire_as or named(t.live, "_retired")

  return fragment {
    name = sql("rebuild of :live", { live = t.live }),

    phase "expand" {
      parallel_table {
        live = t.live, shadow = shadow, like = t.like or nil, columns = t.columns, changes = t.changes,
        copy = t.copy, copy_back = t.copy_back, only_rows = t.only_rows, log_limit = t.log_limit,
      },
    },
    phase "backfill" { backfill { shadow = shadow }, fragment(t.constrain or {}) },
    phase "verify" { expect_same_rows { live = t.live, shadow = shadow }, fragment(t.expect or {}) },
    t.gate and gate (t.gate) {} or fragment {},
    phase "switch" {
      rename_swap { live = t.live, shadow = shadow, retire_as = retired, sync_back = t.sync_back or nil,
                    leaves = t.leaves },
    },
    safety_period (t.safety) { unused = retired },
    phase "contract" { drop_table_if_exists { table = retired, archive = t.archive } },
  }
end

return rebuild
