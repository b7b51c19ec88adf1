-- expect: unknown-name
-- says: rawequal
local x = rawequal
