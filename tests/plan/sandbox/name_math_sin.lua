-- expect: unknown-name
-- says: math.sin
local x = math.sin
