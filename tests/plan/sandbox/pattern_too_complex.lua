-- expect: sandbox-limit
local s = ("x"):rep(10000):find(("x?"):rep(5000))
