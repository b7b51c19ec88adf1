-- expect: unknown-name
-- says: string.unpack
local x = string.unpack
