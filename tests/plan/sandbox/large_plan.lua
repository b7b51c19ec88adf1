-- expect: sandbox-limit
-- says: 8 MiB
-- The same data again and again: small in Lua, large when it is written.
local step, steps = add_check { check = ("x"):rep(10000):rep(100) }, {}
for i = 1, 10 do steps[i] = step end
plan "x" { phase "a" { fragment(steps) } }
