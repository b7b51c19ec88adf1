-- expect: unknown-name
-- says: xpcall
local x = xpcall
