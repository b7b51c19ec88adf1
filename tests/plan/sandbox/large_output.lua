-- expect: sandbox-limit
-- says: 8 MiB
for _ = 1, 20 do print(("x"):rep(10000):rep(100)) end
