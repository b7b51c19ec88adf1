-- expect: unknown-name
-- says: collectgarbage
local x = collectgarbage
