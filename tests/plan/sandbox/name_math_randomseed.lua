-- expect: unknown-name
-- says: math.randomseed
local x = math.randomseed
