-- expect: unknown-name
-- Many live tables, then allocations that fail for ever, each a full collection.
local live = {}
for i = 1, 300000 do live[i] = { i } end
while true do pcall(string.rep, "x", 60000000) end
