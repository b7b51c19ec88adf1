-- expect: unknown-name
-- says: os
local x = os
