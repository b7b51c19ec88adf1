-- expect: unknown-name
-- says: rawset
local x = rawset
