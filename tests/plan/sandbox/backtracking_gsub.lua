-- expect: sandbox-limit
-- says: did not finish within 2 s
local s = ("a"):rep(10000):rep(100)
local t = s:gsub("a*b", "")
