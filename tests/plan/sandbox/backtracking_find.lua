-- expect: sandbox-limit
-- says: did not finish within 2 s
local s = ("a"):rep(10000):rep(4)
s:find((".-"):rep(8) .. "b")
