-- expect: sandbox-limit
-- Each call is within its bounds; together they hold more than there is.
local all = {}
for i = 1, 100 do all[i] = ("x"):rep(1000):rep(1000) .. i end
