-- expect: unknown-name
-- says: loadfile
local x = loadfile
