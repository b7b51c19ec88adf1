-- expect: unknown-name
-- says: getmetatable
local x = getmetatable
