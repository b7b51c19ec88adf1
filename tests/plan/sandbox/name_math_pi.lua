-- expect: unknown-name
-- says: math.pi
local x = math.pi
