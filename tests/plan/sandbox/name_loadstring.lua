-- expect: unknown-name
-- says: loadstring
local x = loadstring
