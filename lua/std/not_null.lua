-- A column becomes NOT NULL: its NULLs are found, and filled or set aside.
--
--   local not_null = require "std.not_null"
--
--   not_null.set { table = "app.users", column = "email", default = "''",
--                  fill = "lower(login) || '@example.com'" }
--
-- The phases, which several calls in one plan share:
--
--   default     rows to come have a value, also those of a release that does not know the column
--   fill        rows that are there get theirs; those that can't be filled are set aside, if
--               quarantine says why
--   verify      no row holds NULL; else they are listed, and the plan stops
--   constrain   NOT NULL, without holding anybody up
--
-- Without default the release that is live must give the column a value in each row that it inserts: say with gate when
-- it does. undo takes NOT NULL and the default away, makes NULL again what was filled, and puts rows back.
local not_null = {}

local function expect_no_nulls(t)
  return expect_no_rows {
    query = sql([[ SELECT * FROM :table WHERE :column IS NULL ]], t),
    message = sql("each row of :table has its :column", t),
  }
end

-- Sets a column NOT NULL once nothing in it is NULL.
function not_null.set(given)
  local t = options(given, {
    table = { "table", help = "the table that has the column" },
    column = { "column", help = "the column that accepts no NULL from then on" },
    default = { "sql expression?", help = "what rows to come get that give it no value" },
    fill = { "sql expression?", help = "what rows with NULL get, as SQL over the row" },
    quarantine = { "text?", help = "why rows that still hold NULL are set aside; it is kept with each" },
    at_most = { "integer", default = 1000, min = 1, help = "how many rows may go into quarantine" },
    triggers = { "choice?", choices = { "fire", "skip" }, help = "whether the table's own triggers see it" },
    gate = { "text?", help = "what must be true before NOT NULL: who writes the table gives the column a value" },
  })

  local blocks = {}
  if t.default then
    blocks[#blocks + 1] = phase "default" { set_default { table = t.table, column = t.column, default = t.default } }
  end
  local fill = {}
  if t.fill then
    fill[#fill + 1] = backfill { table = t.table, set = { [t.column] = t.fill }, triggers = t.triggers }
  end
  if t.quarantine then
    fill[#fill + 1] = quarantine { table = t.table, where = sql([[ :column IS NULL ]], { column = t.column }),
                                   reason = t.quarantine, at_most = t.at_most, triggers = t.triggers }
  end
  if fill[1] then blocks[#blocks + 1] = phase "fill" (fill) end
  blocks[#blocks + 1] = phase "verify" { expect_no_nulls { table = t.table, column = t.column } }
  if t.gate then blocks[#blocks + 1] = gate (t.gate) {} end
  blocks[#blocks + 1] = phase "constrain" { set_not_null { table = t.table, column = t.column } }
  return fragment(blocks)
end

return not_null
