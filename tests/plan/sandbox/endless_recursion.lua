-- expect: sandbox-limit
-- says: too deeply
local function f() return 1 + f() end
f()
