-- expect: unknown-name
-- says: load
local x = load
