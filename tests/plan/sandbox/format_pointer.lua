-- expect: lua-error
-- says: %p
local s = ("%p"):format({})
