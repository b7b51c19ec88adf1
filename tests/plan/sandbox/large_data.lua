-- expect: sandbox-limit
-- says: 8 MiB
local s, steps = ("x"):rep(10000):rep(100), {}
for i = 1, 10 do steps[i] = add_check { check = s } end
plan "x" { phase "a" { fragment(steps) } }
