-- expect: lua-error
-- says: read-only
local step = add_check { table = "t" }
step.table = "u"
