-- expect: unknown-name
-- says: dofile
local x = dofile
