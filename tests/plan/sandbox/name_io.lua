-- expect: unknown-name
-- says: io
local x = io
