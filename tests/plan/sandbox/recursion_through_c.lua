-- expect: sandbox-limit
-- says: too deeply
local function f() return (("x"):gsub(".", f)) end
f()
