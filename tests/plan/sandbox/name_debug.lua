-- expect: unknown-name
-- says: debug
local x = debug
