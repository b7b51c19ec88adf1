-- expect: no-plan
-- A finalizer that is added later is none.
local mt = {}
for _ = 1, 100 do setmetatable({}, mt) end
mt.__gc = function() while true do end end
for _ = 1, 100 do setmetatable({}, { __index = mt }) end
