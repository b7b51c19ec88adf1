-- expect: unknown-name
-- says: string.pack
local x = string.pack
