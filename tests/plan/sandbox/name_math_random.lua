-- expect: unknown-name
-- says: math.random
local x = math.random
