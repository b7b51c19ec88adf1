-- A table gets another name while one release knows the old name, and the next one the new.
--
--   local rename = require "std.rename"
--
--   rename.table { table = "app.users", to = "people", gate = "all releases use app.people" }
--
-- The phases, which several calls in one plan share:
--
--   rename         the new name, in a moment; a view of the old one passes on reads and writes
--   gate           nobody uses the old name any more
--   safety_period
--   remove view    the view goes
--
-- The old release must live with a view: no TRUNCATE, no COPY into it, no ON CONFLICT ON CONSTRAINT, no
-- foreign key to it (interlock help rename_table). undo gives the names back, and touches no row.
--
-- Where only one release is there, and it may stop for a moment, the primitive rename_table does without the rest.
local rename = {}

-- Gives a table another name, by way of a view of the old one.
function rename.table(given)
  local t = options(given, {
    table = { "table", help = "the table, by its old name" },
    to = { "identifier", help = "its new name, in the schema where it is" },
    leaves = { "list of text?", help = "as of rename_table: what goes by the old name and may stay as it is" },
    gate = { "text", help = "what must be true before the old name may go" },
    safety = { "interval", default = "7 days", help = "how long after the gate it stays" },
  })

  return fragment {
    name = sql("rename of :table", { table = t.table }),

    phase "rename" { rename_table { table = t.table, to = t.to, keep_view = true, leaves = t.leaves } },
    gate (t.gate) {},
    safety_period (t.safety) {},
    phase "remove view" { drop_view_if_exists { view = t.table } },
  }
end

return rename
