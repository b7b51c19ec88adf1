-- expect: sandbox-limit
local s = ("x"):rep(1000):rep(10000)
