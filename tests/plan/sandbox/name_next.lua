-- expect: unknown-name
-- says: next
local x = next
