-- expect: unknown-name
-- says: rawlen
local x = rawlen
