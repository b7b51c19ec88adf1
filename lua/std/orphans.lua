-- std.orphans: rows that refer to nothing are set aside, then a foreign key sees to it that none comes again.
--
--   local orphans = require "std.orphans"
--
--   phase "orphans" {
--     orphans.quarantine_then_reference {
--       reason = "the order is gone, SHOP-4711",
--       foreign_keys = {
--         { table = "app.orders", column = "customer_id", references = "app.customers(id)",
--           at_most = 268 },
--         { table = "app.items", column = "order_id", references = "app.orders(id)", at_most = 25,
--           on_delete = "cascade" },
--       },
--     },
--   }
--
-- These are the steps of a data phase: for each foreign key a quarantine of at most so many rows, then
-- add_foreign_key, and in the end an expect_no_orphans for each. They stand in dependency order, however they are
-- listed: an order that goes may leave items behind that refer to nothing, so items come after orders.
--
-- at_most is what somebody has counted; if more rows would go, none does. What ON DELETE takes along with an orphan
-- counts too. Where it is left out, no orphan is expected, and one that is there stops the run.
--
-- undo drops the foreign keys and puts every row back; restore puts back those that have found what they refer to.
-- An orphan that is written after its quarantine and before the foreign key stops the run, and is named. Mend it, or
-- undo and run again: it is set aside then with the others.

-- The options of one foreign key.
local function foreign_key(given)
  local key = options(given, {
    table      = { "table", help = "the table that refers to the other one" },
    column     = { "column", help = "the referring column" },
    references = { "text", help = 'what it refers to: "app.orders(id)"' },
    at_most    = { "integer", default = 0, min = 0, help = "how many rows may be set aside" },
    on_delete  = { "text?", help = "as of add_foreign_key" },
    on_update  = { "text?", help = "as of add_foreign_key" },
    name       = { "identifier?", help = "the name of the constraint" },
    triggers   = { "text?", help = "as of quarantine" },
  })
  key.parent, key.parent_column = key.references:match("^%s*(.-)%s*%(%s*([^,]-)%s*%)%s*$")
  if not key.parent then
    error(('"references" of foreign_key must name a column, too: "%s(id)"'):format(key.references), 3)
  end
  return key
end

-- A bare name means public.
local function same_table(a, b)
  return a:gsub("^public%.", "") == b:gsub("^public%.", "")
end

-- Does another table stand in the list that this one refers to?  A table may refer to itself.
local function waits(key, keys)
  for _, other in ipairs(keys) do
    if same_table(other.table, key.parent) and not same_table(other.table, key.table) then return true end
  end
  return false
end

local function first_ready(keys)
  for i, key in ipairs(keys) do
    if not waits(key, keys) then return i end
  end
  error(('the foreign keys of "%s" lead in a circle: put one of them into a phase of its own'):format(keys[1].table), 4)
end

-- The foreign keys of a table come after those of the tables that it refers to, else as they are listed.
local function in_dependency_order(keys)
  local ordered = {}
  while #keys > 0 do table.insert(ordered, table.remove(keys, first_ready(keys))) end
  return ordered
end

-- The table referred to shows its key alone, under a name of its own: a bare :column is then the row's, whatever
-- columns the other table has.
local function refers_to_nothing(key)
  return sql([[
    :column IS NOT NULL AND NOT EXISTS (
      SELECT FROM (SELECT :parent_column AS referred_key FROM :parent) AS parent WHERE referred_key = :column) ]],
    { column = key.column, parent = key.parent, parent_column = key.parent_column })
end

local function quarantine_then_reference(given)
  local o = options(given, {
    foreign_keys = { "list of any", help = "each { table, column, references, at_most, … }" },
    reason       = { "text", help = "why these rows are set aside; it is kept with each" },
  })
  local listed, steps = {}, {}
  for i, key in ipairs(o.foreign_keys) do listed[i] = foreign_key(key) end
  local keys = in_dependency_order(listed)

  for _, key in ipairs(keys) do
    if key.at_most > 0 then
      table.insert(steps, quarantine {
        table = key.table, where = refers_to_nothing(key), reason = o.reason, at_most = key.at_most,
        triggers = key.triggers,
      })
    end
    table.insert(steps, add_foreign_key {
      table = key.table, column = key.column, references = key.references, name = key.name,
      on_delete = key.on_delete, on_update = key.on_update,
    })
  end
  for _, key in ipairs(keys) do
    table.insert(steps, expect_no_orphans { table = key.table, column = key.column, references = key.references })
  end
  return fragment(steps)
end

return { quarantine_then_reference = quarantine_then_reference }
