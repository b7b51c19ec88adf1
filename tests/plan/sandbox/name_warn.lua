-- expect: unknown-name
-- says: warn
local x = warn
