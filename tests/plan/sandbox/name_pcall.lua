-- expect: unknown-name
-- says: pcall
local x = pcall
