-- A column gets another type while two releases use it: a column beside it is filled, and takes its name.
--
--   local change_type = require "std.change_type"
--
--   change_type.change { table = "app.orders", column = "product", from = "integer", to = "bigint",
--                        not_null = true, gate = "all releases can read bigint" }
--
-- The phases, which several calls in one plan share:
--
--   expand         the new column, and triggers that keep it and the old one alike
--   fill           rows that are there
--   constrain      what the old column has, for the new one: NOT NULL, and steps of constrain = { … }
--   verify         each row has in the new column what the old one says
--   gate           whoever reads the column can read the new type
--   verify again   also the rows that were written while the plan waited at the gate
--   switch         the new column has the name; the old one has another, and goes on being kept alike
--   safety_period
--   contract       the triggers go, and the old column, which is archived
--
-- An index, a key or a check of the old column needs its like on the new one; the switch gives that the old one's name.
-- It goes into constrain, with the column's name until then: constrain = { add_unique { table = "app.orders",
-- columns = "product_new" } }. interlock check says what is missing. Where nothing has to be rewritten, as from
-- varchar(20) to text, the primitive change_type does it in a moment.
--
-- undo of the switch has what both releases wrote. undo of the contract brings the old column back from its archive,
-- but for its indexes: before undo of the switch these are to be made again, and it names them.
local change_type = {}

-- "Total" and total with _new behind.
local function named(column, behind)
  local quoted = column:match('^"(.*)"$')
  return quoted and ('"%s%s"'):format(quoted, behind) or column .. behind
end

local function cast(column, type)
  return sql([[ CAST(:column AS ]], { column = column }) .. type .. ")"
end

local function expect_alike(t, new, forward)
  return expect_no_rows {
    query = sql([[ SELECT * FROM :table WHERE :new IS DISTINCT FROM (]], { table = t.table, new = new })
            .. forward .. ")",
    message = sql("each row of :table has in :new what :column says",
                  { table = t.table, new = new, column = t.column }),
  }
end

-- Gives a column another type, by way of a second column.
function change_type.change(given)
  local t = options(given, {
    table = { "table", help = "the table that has the column" },
    column = { "column", help = "the column, whose name stays" },
    from = { "type", help = "the type that it has; where it has another one, nothing is done" },
    to = { "type", help = "its new type" },
    forward = { "sql expression?", help = "the new value, as SQL over the row; a cast if it is left out" },
    back = { "sql expression?", help = "the old value, as SQL over the new column; a cast if it is left out" },
    both = { "choice?", choices = { "old", "new", "error" },
             help = "which value counts where a statement sets both; needed where forward and back lose something" },
    with = { "column?", help = "the new column's name until the switch; if it is left out the column's and _new" },
    retire_as = { "column?", help = "the old column's name behind it; if it is left out the column's and _old" },
    default = { "sql expression?", help = "its default in the new type, where the old column has one" },
    not_null = { "boolean", default = false, help = "the column is NOT NULL, and stays so" },
    constrain = { "list of any?", help = "steps that give the new column what the old one has" },
    triggers = { "choice?", choices = { "fire", "skip" }, help = "whether the table's own triggers see it" },
    gate = { "text", help = "what must be true before the switch" },
    safety = { "interval", default = "7 days", help = "how long the old column stays" },
    archive = { "interval", default = "90 days", help = "how long it is kept when it is gone" },
  })
  local new, old = t.with or named(t.column, "_new"), t.retire_as or named(t.column, "_old")
  local forward, back = t.forward or cast(t.column, t.to), t.back or cast(new, t.from)

  local constrain = { fragment(t.constrain or {}) }
  if t.not_null then constrain[2] = set_not_null { table = t.table, column = new } end

  return fragment {
    name = sql("change_type of :table.:column", { table = t.table, column = t.column }),

    phase "expand" {
      expect_column { table = t.table, column = t.column, type = t.from },
      add_column_if_missing { table = t.table, column = new, type = t.to },
      t.default and set_default { table = t.table, column = new, default = t.default } or fragment {},
      sync_columns { table = t.table, forward = { [new] = forward }, back = { [t.column] = back }, both = t.both },
    },
    phase "fill" { backfill { table = t.table, set = { [new] = forward }, triggers = t.triggers } },
    phase "constrain" (constrain),
    phase "verify" { expect_alike(t, new, forward) },
    gate (t.gate) {},
    phase "verify again" { expect_alike(t, new, forward) },
    phase "switch" {
      rename_swap_column { table = t.table, column = t.column, with = new, retire_as = old },
    },
    safety_period (t.safety) {},
    phase "contract" {
      drop_sync { table = t.table, column = t.column },
      drop_sync { table = t.table, column = new },
      drop_column_if_exists { table = t.table, column = old, archive = t.archive },
    },
  }
end

return change_type
