-- A text column becomes an enum, or an enum column becomes text, while two releases use it.
--
--   local enum = require "std.enum"
--
--   enum.from_text { table = "app.orders", column = "status", type = "app.order_status",
--                    default = "'open'", not_null = true, gate = "all releases can read the enum" }
--
--   enum.to_text { table = "app.orders", column = "status", type = "app.order_status",
--                  default = "'open'", not_null = true, gate = "all releases can read text" }
--
-- The phases are those of std.change_type, which takes the same options; from_text has one before them:
--
--   labels   each value of the column is a label of the enum; else those that are none are listed,
--            and the plan stops before the table is touched
--
-- The enum is there before: create_enum_if_missing, best in a plan of its own. In the same plan undo would keep it, as
-- long as the archive has values of the new column.
--
-- By the phase expand no release may write a text that is no label. One that does gets an error where the column is
-- NOT NULL; else the plan stops before the switch, and names the text. Where another spelling is to become a
-- label, label = "lower(status)" says how, and both which column counts where a statement sets both.
--
-- to_text leaves the enum itself: drop_type_if_exists ends it where no other column has it, and the archive is over.
local change_type = require "std.change_type"
local enum = {}

local function expect_labels(t)
  local names = { table = t.table, column = t.column, type = t.type }
  return expect_no_rows {
    query = sql([[ SELECT :column, count(*) AS rows FROM :table WHERE (]], names) .. (t.label or t.column)
            .. sql([[)::text <> ALL (enum_range(NULL:::type)::text[]) GROUP BY 1 ORDER BY 1 ]], names),
    message = sql("each :column of :table is a label of :type", names),
  }
end

-- Makes a text column an enum.
function enum.from_text(given)
  local t = options(given, {
    table = { "table", help = "the table that has the column" },
    column = { "column", help = "the column, whose name stays" },
    from = { "type", default = "text", help = "the type that it has, as varchar(20)" },
    type = { "table", help = "the enum type, whose labels are the values that the column may hold" },
    label = { "sql expression?", help = "the label of a row, as SQL text over it; the column if it is left out" },
    both = { "choice?", choices = { "old", "new", "error" },
             help = "which column counts where a statement sets both; needed with label" },
    default = { "sql expression?", help = "its default in the new type, where the old column has one" },
    not_null = { "boolean", default = false, help = "the column is NOT NULL, and stays so" },
    constrain = { "list of any?", help = "as of std.change_type: what the old column has besides" },
    triggers = { "choice?", choices = { "fire", "skip" }, help = "whether the table's own triggers see it" },
    gate = { "text", help = "what must be true before the switch" },
    safety = { "interval", default = "7 days", help = "how long the old column stays" },
    archive = { "interval", default = "90 days", help = "how long it is kept when it is gone" },
  })
  return fragment {
    name = sql("enum.from_text of :table.:column", { table = t.table, column = t.column }),

    phase "labels" { expect_labels(t) },
    change_type.change {
      table = t.table, column = t.column, from = t.from, to = t.type, both = t.both, default = t.default,
      forward = t.label and ("CAST((%s) AS %s)"):format(t.label, t.type) or nil,
      not_null = t.not_null, constrain = t.constrain, triggers = t.triggers, gate = t.gate, safety = t.safety,
      archive = t.archive,
    },
  }
end

-- Makes an enum column text.
function enum.to_text(given)
  local t = options(given, {
    table = { "table", help = "the table that has the column" },
    column = { "column", help = "the column, whose name stays" },
    type = { "table", help = "the enum type that it has" },
    to = { "type", default = "text", help = "its new type" },
    default = { "sql expression?", help = "its default in the new type, where the old column has one" },
    not_null = { "boolean", default = false, help = "the column is NOT NULL, and stays so" },
    constrain = { "list of any?", help = "as of std.change_type: what the old column has besides" },
    triggers = { "choice?", choices = { "fire", "skip" }, help = "whether the table's own triggers see it" },
    gate = { "text", help = "what must be true before the switch" },
    safety = { "interval", default = "7 days", help = "how long the old column stays" },
    archive = { "interval", default = "90 days", help = "how long it is kept when it is gone" },
  })
  return change_type.change {
    table = t.table, column = t.column, from = t.type, to = t.to, default = t.default, not_null = t.not_null,
    constrain = t.constrain, triggers = t.triggers, gate = t.gate, safety = t.safety, archive = t.archive,
  }
end

return enum
