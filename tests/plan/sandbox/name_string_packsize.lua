-- expect: unknown-name
-- says: string.packsize
local x = string.packsize
