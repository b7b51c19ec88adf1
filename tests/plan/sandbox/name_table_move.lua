-- expect: unknown-name
-- says: table.move
local x = table.move
