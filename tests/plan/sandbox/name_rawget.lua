-- expect: unknown-name
-- says: rawget
local x = rawget
